import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Connection, connectViaGateway, type Forwarding, socksProxy } from '../../src/index.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { echoServer, readAll, tcpServer } from '../support/echo.ts';

let server: MockServer;
let connection: Connection;
let forward: Forwarding;
const failures: Error[] = [];

beforeAll(async () => {
  server = await startMockServer();
  const { host, port, username, password = '', hostKey } = server;
  connection = await connectViaGateway({
    host,
    port,
    username,
    password,
    hostKey: { fingerprint: hostKey.fingerprint },
  });
  forward = await connection.forwardDynamic({ onConnectionError: (error) => failures.push(error) });
});
afterAll(async () => {
  await connection.close();
  await server.close();
});

function ask(bytes: Iterable<number>): Socket {
  const socket = connect(forward.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(Buffer.from([...bytes]));
  return socket;
}

const greeting = [5, 1, 0];
const toName = (name: string, port: number) => [
  ...greeting,
  ...[5, 1, 0, 3, name.length, ...Buffer.from(name), port >> 8, port & 0xff],
];
const answered = [5, 0];
const older = (address: readonly number[], port: number, name?: string) => [
  ...[4, 1, port >> 8, port & 0xff, ...address],
  ...Buffer.from(`somebody\0${name === undefined ? '' : `${name}\0`}`),
];

describe('forwardDynamic', () => {
  it('is a SOCKS proxy on the loopback that our own client can use', async () => {
    expect(forward.host).toBe('127.0.0.1');
    const { host, port, username, password = '', hostKey } = server;
    const second = await connectViaGateway({
      host,
      port,
      username,
      password,
      hostKey: { fingerprint: hostKey.fingerprint },
      via: socksProxy(`socks5://127.0.0.1:${forward.port}`),
    });
    expect(forward.connections).toBe(1);
    await second.close();
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  it('carries bytes sent with the request, and keeps half-close', async () => {
    await using target = await echoServer();
    const socket = ask([...toName('127.0.0.1', target.port), ...Buffer.from('early ')]);
    socket.end('and late');
    const all = await readAll(socket);
    expect([...all.subarray(0, 4)]).toEqual([...answered, 5, 0]);
    expect(all.subarray(12).toString()).toBe('early and late');
  });

  it('lets the server resolve names', async () => {
    await using target = await tcpServer((socket) => socket.end('here'));
    const all = await readAll(ask(toName('localhost', target.port)));
    expect(all.subarray(12).toString()).toBe('here');
  });

  it.each([
    ['a target that refuses', async () => toName('127.0.0.1', await closedPort()), [5, 5]],
    ['BIND', async () => [...greeting, 5, 2, 0, 1, 127], [5, 7]],
    ['an unknown kind of address', async () => [...greeting, 5, 1, 0, 9, 1], [5, 8]],
    ['a name with a line break in it', async () => toName('a\nb', 1), [5, 1]],
    ['a name of no bytes', async () => toName('', 1), [5, 1]],
  ])('replies to %s by the protocol, reports it, and continues', async (_what, request, reply) => {
    failures.length = 0;
    const all = await readAll(ask(await request()));
    expect([...all.subarray(0, 4)]).toEqual([...answered, ...reply]);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  describe.each([
    ['4', (host: string, port: number) => older(host.split('.').map(Number), port)],
    ['4a', (host: string, port: number) => older([0, 0, 0, 7], port, host)],
  ])('in SOCKS %s', (_version, to) => {
    const granted = [0, 90, 0, 0, 0, 0, 0, 0];
    const rejected = [0, 91, 0, 0, 0, 0, 0, 0];

    it('carries bytes sent with the request, and keeps half-close', async () => {
      await using target = await echoServer();
      const socket = ask([...to('127.0.0.1', target.port), ...Buffer.from('early ')]);
      socket.end('and late');
      const all = await readAll(socket);
      expect([...all.subarray(0, 8)]).toEqual(granted);
      expect(all.subarray(8).toString()).toBe('early and late');
    });

    it('accepts a request in pieces of one byte', async () => {
      await using target = await tcpServer((socket) => socket.end('here'));
      const socket = ask([]);
      socket.setNoDelay(true);
      for (const byte of to('127.0.0.1', target.port)) {
        socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect((await readAll(socket)).subarray(8).toString()).toBe('here');
    });

    it('reports a target that refuses', async () => {
      failures.length = 0;
      expect([...(await readAll(ask(to('127.0.0.1', await closedPort()))))]).toEqual(rejected);
      await vi.waitFor(() => expect(failures).toHaveLength(1));
      await vi.waitFor(() => expect(forward.connections).toBe(0));
    });

    it.each([
      ['BIND', (request: number[]) => request.with(1, 2), /command 2/],
      [
        'a name without an end',
        (request: number[]) => [...request.slice(0, 8), ...Buffer.alloc(1_100, 'x')],
        /1024/,
      ],
    ])('replies to %s, which is not supported', async (_what, change, why) => {
      failures.length = 0;
      expect([...(await readAll(ask(change(to('127.0.0.1', 1)))))]).toEqual(rejected);
      await vi.waitFor(() => expect(failures[0]?.message).toMatch(why));
      await vi.waitFor(() => expect(forward.connections).toBe(0));
    });
  });

  it('lets the server resolve names, also in SOCKS 4a, and rejects invalid ones', async () => {
    await using target = await tcpServer((socket) => socket.end('here'));
    const all = await readAll(ask(older([0, 0, 0, 1], target.port, 'localhost')));
    expect(all.subarray(8).toString()).toBe('here');
    for (const host of ['', 'a b', 'x'.repeat(1_025)])
      expect((await readAll(ask(older([0, 0, 0, 1], target.port, host))))[1]).toBe(91);
  });

  it('rejects a client that requires authentication', async () => {
    expect([...(await readAll(ask([5, 1, 2])))]).toEqual([5, 0xff]);
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  it('closes on a client with another protocol', async () => {
    failures.length = 0;
    await readAll(ask(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).catch(() => {});
    await vi.waitFor(() =>
      expect(failures[0]?.message).toMatch(/does not speak SOCKS: its first byte is 71/),
    );
  });

  it('gives up on a silent client', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      failures.length = 0;
      const socket = ask([5]);
      await new Promise((resolve) => setImmediate(resolve));
      while (forward.connections === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(10_000);
      await new Promise((resolve) => socket.once('close', resolve));
      expect(failures[0]?.message).toMatch(/within 10000 ms/);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends with close, and with the connection', async () => {
    const own = await connection.forwardDynamic();
    await own.close();
    expect(await own.closed).toBeUndefined();
    await expect(
      connectViaGateway({
        host: 'h',
        username: 'u',
        retry: false,
        via: socksProxy(`socks5://127.0.0.1:${own.port}`),
      }),
    ).rejects.toMatchObject({ code: 'SSH_PROXY_FAILED', errno: 'ECONNREFUSED' });
  });

  it.each([
    [{ host: 'x' }, TypeError, /host/],
    [{ listenPort: 70_000 }, RangeError, /listenPort/],
    [{ listenPort: 1, listenPath: '/x' }, TypeError, /listenPath/],
    [{ signal: {} }, TypeError, /signal/],
  ])('rejects %j', async (options, kind, message) => {
    const failed: unknown = await connection.forwardDynamic(options as never).catch((error) => error);
    expect(failed).toBeInstanceOf(kind);
    expect((failed as Error).message).toMatch(message);
  });
});

async function closedPort(): Promise<number> {
  const { port, close } = await tcpServer(() => {});
  await close();
  return port;
}
