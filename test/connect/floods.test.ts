import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/index.ts';
import { type FloodKind, floodServer } from '../support/flood-server.ts';

const MiB = 1024 * 1024;

function connect(server: { host: string; port: number }): Promise<Connection> {
  const { host, port } = server;
  return connectViaGateway({
    ...{ host, port, username: 'rpa', password: 'x', hostKey: 'insecure-accept-any', retry: false },
  });
}

describe('a server that does not keep to the window', () => {
  const kinds: FloodKind[] = ['stdout', 'stderr'];
  it.each(kinds)('loses its connection: %s of a command that nobody reads', async (kind) => {
    using server = await floodServer(kind);
    await using connection = await connect(server);
    const command = connection.exec('x');
    for (const stream of [command.stdout, command.stderr]) stream.on('error', () => {}).pause();
    const error = await command.then(undefined, (reason) => reason);
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'protocol', retryable: true });
    expect(error.message).toMatch(/more than the window of a channel allowed \(2097152 bytes; RFC 4254/);
    expect(await connection.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'protocol' });
    expect(command.stdout.readableLength + command.stderr.readableLength).toBeLessThan(3 * MiB);
  });

  it('loses its connection: a forwarded stream with a slow reader', async () => {
    using server = await floodServer('forwarded stream');
    await using connection = await connect(server);
    const stream = await connection.openStream('h', 1);
    let received = 0;
    const error = new Promise((resolve) => stream.once('error', resolve));
    stream.once('data', (chunk: Buffer) => {
      received += chunk.length;
      stream.pause();
    });
    expect(await error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'protocol', phase: 'session' });
    expect(received).toBeGreaterThan(0);
    expect(stream.readableLength).toBeLessThan(3 * MiB);
  });
});
