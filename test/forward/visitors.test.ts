import { Worker } from 'node:worker_threads';
import ssh2, { type Connection as Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { sendPacket } from '../../src/mock-server/wire/ssh2-internals.ts';
import { text, uint32 } from '../support/flood-server.ts';
import { hostKey } from '../support/private-keys.ts';

/** A server that opens a channel for somebody at a Unix socket that nobody asked it to listen at. */
async function visitingServer(onRefused: (reason: number) => void) {
  const key = hostKey();
  let far: Client | undefined;
  const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
    far = client;
    client.on('error', () => {}).on('authentication', (context) => context.accept());
    const { _handlers: handlers } = (client as unknown as { _protocol: { _handlers: object } })._protocol;
    Object.assign(handlers, {
      CHANNEL_OPEN_FAILURE: (_protocol: unknown, _id: number, reason: number) => onRefused(reason),
    });
    client.on('request', (accept) => accept?.());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    visit: (socketPath: string) =>
      sendPacket(
        far as Client,
        Buffer.concat([
          ...[Buffer.from([90]), text('forwarded-streamlocal@openssh.com')],
          ...[uint32(7), uint32(1_000_000), uint32(32_768), text(socketPath), text('')],
        ]),
      ),
    [Symbol.dispose]: () => server.close(),
  };
}

describe('a connection to a socket without a listener', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', '/tmp/x'])(
    'is refused if the socket is called %s',
    async (path) => {
      let refused = 0;
      using server = await visitingServer(() => refused++);
      const { port } = server;
      await using _connection = await connectViaGateway({
        ...{ host: '127.0.0.1', port, username: 'rpa', password: 'x', retry: false },
        hostKey: 'insecure-accept-any',
      });
      for (let visits = 0; visits < 3; visits++) server.visit(path);
      await expect.poll(() => refused, { timeout: 2_000, interval: 5 }).toBe(3);
    },
  );
});

describe('the connections of one forward', () => {
  it('are rejected while too many wait for its target, and accepted again afterwards', async () => {
    const reasons: number[] = [];
    using server = await visitingServer((reason) => reasons.push(reason));
    await using target = await deafTarget();
    await using connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'x', retry: false },
      hostKey: 'insecure-accept-any',
    });
    const socketPath = '/tmp/visited';
    await using forward = await connection.forwardRemote({
      ...{ listenPath: socketPath, host: '127.0.0.1', port: target.port, connectTimeout: 2_000 },
    });
    for (let visits = 0; visits < 600; visits++) server.visit(socketPath);
    const answered = () => reasons.length + forward.connections;
    await expect.poll(() => reasons.includes(2) && answered(), { timeout: 10_000, interval: 5 }).toBe(600);
    const tooMany = reasons.filter((reason) => reason === 4).length;
    expect(tooMany).toBeGreaterThanOrEqual(600 - 512 - target.letIn);
    server.visit(socketPath);
    await expect.poll(answered, { timeout: 10_000, interval: 5 }).toBe(601);
    expect(reasons.filter((reason) => reason === 4)).toHaveLength(tooMany);
  });
});

/** A server whose thread is blocked: the system lets a few in, and all others wait. */
async function deafTarget() {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(workerData, 0, 0));
    });`,
    { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  return {
    port,
    /** Linux takes one more than the backlog. */
    letIn: 2,
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
}
