import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { type FloodKind, floodServer } from '../support/flood-server.ts';

const MiB = 1024 * 1024;

function connect(
  server: { host: string; port: number },
  options: Partial<ConnectOptions> = {},
): Promise<Connection> {
  const { host, port } = server;
  return connectViaGateway({
    ...{ host, port, username: 'rpa', password: 'x', hostKey: 'insecure-accept-any', retry: false },
    ...options,
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
    // The command had started: asking again could run it twice.
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'protocol', retryable: false });
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

describe('a server that asks and does not read the answers', () => {
  const kinds: Array<[FloodKind, RegExp]> = [
    ['global requests', /it let 26\d{4} bytes of answers to its requests wait.*limit 262144 bytes/],
    ['channel requests', /it let 26\d{4} bytes of answers to its requests wait/],
    ['unknown channels', /it let 26\d{4} bytes of answers to its requests wait/],
    ['host keys', /it told its host keys more than 1000 times/],
  ];
  it.each(kinds)('loses its connection: %s', async (kind, words) => {
    using server = await floodServer(kind);
    await using connection = await connect(server);
    connection.exec('x').catch(() => {});
    expect(await connection.closed).toMatchObject({
      ...{ code: 'SSH_CONNECTION_LOST', why: 'protocol', phase: 'session', retryable: true },
      message: expect.stringMatching(words),
    });
  });
});

describe('a server that talks without end during the login', () => {
  const kinds: Array<[FloodKind, string]> = [
    ['login banners', 'it sent more than 100 login banners'],
    ['login questions', 'it asked more than 50 times during one login'],
    ['empty questions', 'it asked more than 50 times during one login'],
    ['questions at once', 'it asked 2000 questions at once (limit 100)'],
  ];
  it.each(kinds)('is given up: %s', async (kind, words) => {
    using server = await floodServer(kind);
    let heard = 0;
    const error = await connect(server, {
      keyboardInteractive: (prompts) => prompts.map(() => `${heard++}`),
      onLoginBanner: () => void heard++,
    }).then(undefined, (reason) => reason);
    expect(error).toMatchObject({ code: 'SSH_HANDSHAKE_FAILED', phase: 'auth', retryable: false });
    expect(error.message).toContain(words);
    expect(heard).toBeLessThanOrEqual(100);
  });
});
