import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Client } from 'ssh2';
import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { ssh2 } from '../../src/ssh2/insides/client-parts.ts';
import { onUnasked } from '../../src/ssh2/insides/messages/unasked.ts';
import { connectTo } from '../support/connect.ts';
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

describe('a server that exceeds the window', () => {
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

describe('a server that sends requests and does not read the replies', () => {
  // On a busy machine the answers may pile up so slowly that the limit of their number is passed first.
  const unread =
    /it let \d{6} bytes of answers to its requests wait.*limit 262144 bytes|it asked more than 3000 times a second/;
  const kinds: Array<[FloodKind, RegExp]> = [
    ['global requests', unread],
    ['channel requests', unread],
    ['unknown channels', unread],
    ['host keys', /it announced its host keys more than 1000 times/],
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

describe('a server that sends messages without end during the login', () => {
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

describe('a server that sends unsolicited messages', () => {
  const kinds: FloodKind[] = [
    ...(['debug messages', 'ignored messages', 'extension information', 'replies to no request'] as const),
    ...(['answers to no request of a channel', 'answers to no opening', 'ends of file'] as const),
    ...([
      'unknown messages',
      'data of no bytes',
      'data of an unknown type',
      'requests for no reply',
    ] as const),
    ...([
      'global requests for no reply',
      'ends of unknown channels',
      'data of unknown channels',
      'exit statuses',
      'window adjusts',
    ] as const),
  ];
  it.each(kinds)('loses its connection: %s', async (kind) => {
    using server = await floodServer(kind);
    await using connection = await connect(server);
    connection.exec('x').catch(() => {});
    expect(await connection.closed).toMatchObject({
      ...{ code: 'SSH_CONNECTION_LOST', why: 'protocol', phase: 'session', retryable: true },
      message: expect.stringMatching(
        /within a second that request and answer nothing \(limit 2000, 8388608 bytes\)/,
      ),
    });
  });

  it.each([
    'requests that are refused',
    'global requests that are refused',
    'channels that are refused',
  ] as const)('loses its connection even if it reads the replies: %s', async (kind) => {
    using server = await floodServer(kind);
    await using connection = await connect(server);
    // 6,000 a second, however busy the machine is.
    const startedAt = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => startedAt + server.sent / 6);
    connection.exec('x').catch(() => {});
    try {
      expect(await connection.closed).toMatchObject({
        ...{ code: 'SSH_CONNECTION_LOST', why: 'protocol' },
        message: expect.stringMatching(
          /asked more than 3000 times a second for what is always refused, for 3 s/,
        ),
      });
    } finally {
      clock.mockRestore();
    }
    expect(server.sent).toBeGreaterThan(4 * 3_000);
  });

  it('loses its connection at once: messages of no bytes', async () => {
    using server = await floodServer('messages of no bytes');
    await using connection = await connect(server);
    connection.exec('x').catch(() => {});
    expect(await connection.closed).toMatchObject({
      message: expect.stringContaining('sent a message of no bytes out of turn, after the login'),
    });
  });

  it.each([
    'ignored messages of a login',
    'extension information of a login',
    'unknown messages of a login',
  ] as const)('is given up: %s', async (kind) => {
    using server = await floodServer(kind);
    await expect(connect(server)).rejects.toMatchObject({
      ...{ code: 'SSH_HANDSHAKE_FAILED', phase: 'auth', retryable: false },
      message: expect.stringContaining('within a second that request and answer nothing'),
    });
  });

  it.each(['replies of SFTP', 'names of SFTP'] as const)('loses only its SFTP session: %s', async (kind) => {
    using server = await floodServer(kind);
    await using connection = await connect(server);
    const sftp = await connection.sftp();
    await expect(sftp.list('/')).rejects.toMatchObject({
      code: 'SSH_SFTP_FAILED',
      message: expect.stringContaining('10000 replies that nobody waits for'),
    });
  });

  it('is distinguished from one that answers many requests', async () => {
    const unasked = vi.fn();
    const { connect: connectClient } = ssh2.Client.prototype;
    vi.spyOn(ssh2.Client.prototype, 'connect').mockImplementation(function (this: Client, options) {
      const result = connectClient.call(this, options);
      onUnasked(this, unasked);
      return result;
    });
    await using server = await startMockServer();
    await using connection = await connectTo(server);
    vi.restoreAllMocks();
    unasked.mockClear();
    await Promise.all(Array.from({ length: 50 }, (_, n) => connection.exec(`echo ${n}`)));
    await connection.exec('exit 3', { reject: false });
    await connection.upload(Buffer.alloc(5_000_000), '/file');
    const sftp = await connection.sftp();
    await sftp.readFile('/file');
    await sftp.close();
    await using forward = await connection.forwardRemote({
      listenPort: 0,
      host: '127.0.0.1',
      port: server.port,
    });
    await once(connectTcp(forward.port, '127.0.0.1'), 'data');
    await connection.openStream('127.0.0.1', 1).catch(() => {});
    expect(unasked).not.toHaveBeenCalled();
  });
});
