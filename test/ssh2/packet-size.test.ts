import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/connection.ts';
import { hostKey } from '../support/private-keys.ts';

interface Confirming {
  _protocol: {
    channelOpenConfirm(...given: [peer: number, own: number, window: number, size: number]): void;
  };
}

/** A server on whose channels packets have at most so many bytes. */
async function serverTaking(packetSize: number) {
  const key = hostKey();
  const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (request) => request.accept());
    const { _protocol: protocol } = client as unknown as Confirming;
    const confirm = protocol.channelOpenConfirm;
    protocol.channelOpenConfirm = (peer, own, window) =>
      confirm.call(protocol, peer, own, window, packetSize);
    client.on('tcpip', (accept) =>
      accept()
        .on('error', () => {})
        .pipe(process.stderr, { end: false }),
    );
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec) => {
        const channel = acceptExec();
        let bytes = 0;
        channel.on('data', (data: Buffer) => {
          bytes += data.length;
        });
        channel.on('end', () => {
          channel.write(String(bytes));
          channel.exit(0);
          channel.end();
        });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close() };
}

function connect({ port }: { port: number }): Promise<Connection> {
  const login = { host: '127.0.0.1', port, username: 'rpa', password: 'x' };
  return connectViaGateway({ ...login, hostKey: 'insecure-accept-any', retry: false });
}

const refused = {
  code: 'SSH_CONNECTION_LOST',
  why: 'protocol',
  message: expect.stringContaining('packets of at most'),
};

describe.each([0, 63])('a server that accepts packets of %d bytes', (size) => {
  it.each<[string, (connection: Connection) => PromiseLike<unknown>]>([
    ['a command with input', (connection) => connection.exec('x', { stdin: 'data' })],
    ['a command in a terminal', (connection) => connection.exec('x', { pty: true })],
    ['a stream', (connection) => connection.openStream('h', 1)],
    ['a file', (connection) => connection.upload(Buffer.from('data'), '/a')],
  ])('loses its connection: %s', async (_what, work) => {
    using server = await serverTaking(size);
    await using connection = await connect(server);
    await expect(Promise.resolve(work(connection))).rejects.toMatchObject(refused);
    expect(await connection.closed).toMatchObject(refused);
  });
});

it('small packets are accepted unchanged', async () => {
  using server = await serverTaking(64);
  await using connection = await connect(server);
  const { stdout } = await connection.exec('x', { stdin: Buffer.alloc(100_000) });
  expect(stdout).toBe('100000');
});
