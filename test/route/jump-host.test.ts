import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { echoServer, readAll, tcpServer } from '../support/echo.ts';
import { connectHop, routeContext } from '../support/route-context.ts';

let outer: MockServer;
let inner: MockServer;
beforeAll(async () => {
  [outer, inner] = await Promise.all([startMockServer(), startMockServer()]);
});
afterAll(() => Promise.all([outer.close(), inner.close()]));

function login({ host, port, username, password }: MockServer) {
  return { host, port, username, password: password ?? '' };
}

async function idle(...servers: MockServer[]) {
  await vi.waitFor(() => expect(servers.map((server) => server.connections)).toEqual(servers.map(() => 0)));
}

describe('a jump host', () => {
  it('leads to a port it can reach, and closes when the stream ends', async () => {
    await using target = await echoServer();
    const routed = await jumpHost(login(outer)).open(routeContext({ port: target.port }));
    routed.stream.end('through');
    expect((await readAll(routed.stream)).toString()).toBe('through');
    await routed.dispose?.();
    await idle(outer);
    expect(routed.failure?.()).toBeUndefined();
  });

  it('leads to a Unix socket of its own', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'jump-'));
    await using _target = await echoServer({ path: join(dir, 'pc.sock') });
    const route = jumpHost({ ...login(outer), socketPath: join(dir, 'pc.sock') });
    const routed = await route.open(routeContext({ host: 'pc-of-customer', port: 1 }));
    routed.stream.end('socket');
    expect((await readAll(routed.stream)).toString()).toBe('socket');
    await routed.dispose?.();
    await rm(dir, { recursive: true });
    await idle(outer);
  });

  it('can be nested, with hops numbered from the first', async () => {
    await using target = await echoServer();
    const hops: string[] = [];
    const connect: typeof connectHop = (options, hop) => {
      hops.push(hop);
      const via = options.via as ReturnType<typeof jumpHost> | undefined;
      const nested = via && {
        kind: via.kind,
        open: (context: Parameters<typeof via.open>[0]) => via.open({ ...context, connect }),
      };
      return connectHop(nested ? { ...options, via: nested } : options, hop);
    };
    const route = jumpHost({ ...login(inner), via: jumpHost(login(outer)) });
    const routed = await route.open(routeContext({ port: target.port, connect }));
    routed.stream.end('twice');
    expect((await readAll(routed.stream)).toString()).toBe('twice');
    expect(hops).toEqual([`jump 2 of 2 (127.0.0.1:${inner.port})`, `jump 1 of 2 (127.0.0.1:${outer.port})`]);
    await routed.dispose?.();
    await idle(inner, outer);
  });

  it('reports its login banners with its name, unless it has its own callback', async () => {
    await using first = await startMockServer({ loginBanner: 'first' });
    await using second = await startMockServer({ loginBanner: 'second' });
    await using pc = await startMockServer({ loginBanner: 'pc' });
    const keys = 'insecure-accept-any' as const;
    const heard: Array<[notice: string, hop: string | undefined]> = [];
    const own: string[] = [];
    const reach = async (listener?: (notice: string) => void) => {
      const options = { hostKey: keys, ...(listener && { onLoginBanner: listener }) };
      const via = jumpHost({
        ...login(second),
        hostKey: keys,
        via: jumpHost({ ...login(first), ...options }),
      });
      const onLoginBanner = (notice: string, hop?: string) => void heard.push([notice.trim(), hop]);
      await using _connection = await connectViaGateway({ ...login(pc), hostKey: keys, via, onLoginBanner });
      await vi.waitFor(() => expect(heard).toContainEqual(['pc', undefined]));
    };
    await reach();
    const [one, two] = [first, second].map(({ port }, index) => `jump ${index + 1} of 2 (127.0.0.1:${port})`);
    expect(heard).toEqual([
      ['first', one],
      ['second', two],
      ['pc', undefined],
    ]);
    heard.length = 0;
    await reach((notice) => own.push(notice.trim()));
    expect([own, heard.map(([notice]) => notice)]).toEqual([['first'], ['second', 'pc']]);
  });

  it('ends the stream with its own error if its connection is lost', async () => {
    await using target = await echoServer();
    const routed = await jumpHost(login(outer)).open(routeContext({ port: target.port }));
    const reading = readAll(routed.stream);
    outer.dropAll('rst');
    await expect(reading).rejects.toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      hop: `jump 1 of 1 (127.0.0.1:${outer.port})`,
    });
    expect(routed.failure?.()).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    await routed.dispose?.();
  });

  it('is named as the cause if it disconnects before the target sends anything', async () => {
    await using leaving = await startMockServer({ faults: { disconnect: { phase: 'ready', afterMs: 500 } } });
    await using silent = await tcpServer(() => {});
    const via = jumpHost({ ...login(leaving), hostKey: 'insecure-accept-any' });
    const options = { host: '127.0.0.1', port: silent.port, username: 'rpa', password: 'x' };
    await expect(connectViaGateway({ ...options, via, retry: false })).rejects.toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      hop: `jump 1 of 1 (127.0.0.1:${leaving.port})`,
      retryable: true,
    });
  });

  it('reports which hop could not reach the target, and leaves nothing open', async () => {
    const gone = await tcpServer(() => {});
    await gone.close();
    const open = jumpHost(login(outer)).open(routeContext({ port: gone.port }));
    await expect(open).rejects.toMatchObject({
      code: 'SSH_CONNECTION_REFUSED',
      phase: 'route',
      hop: `jump 1 of 1 (127.0.0.1:${outer.port})`,
      retryable: true,
    });
    await idle(outer);
  });

  it('reports without a retry that it forbids forwarding', async () => {
    const strict = await startMockServer({ forwarding: { local: false } });
    const error = await jumpHost(login(strict))
      .open(routeContext())
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'SSH_CONNECT_FAILED', retryable: false });
    expect(error.hint).toMatch(/AllowTcpForwarding/);
    await idle(strict);
    await strict.close();
  });

  it('stops on an abort and closes the jump connection', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    await using target = await tcpServer(() => {});
    const open = jumpHost(login(outer)).open(
      routeContext({
        port: target.port,
        signal: controller.signal,
        connect: async (options, hop) => {
          const connection = await connectHop(options, hop);
          controller.abort(reason);
          return connection;
        },
      }),
    );
    await expect(open).rejects.toBe(reason);
    await idle(outer);
  });

  it('is closed if the login behind it fails', async () => {
    const via = jumpHost({ ...login(outer), hostKey: 'insecure-accept-any' });
    const wrong = { ...login(inner), password: 'wrong', hostKey: 'insecure-accept-any' } as const;
    const open = connectViaGateway({ ...wrong, via, retry: false });
    await expect(open).rejects.toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
    await idle(inner, outer);
  });

  it('has its own timeouts, whose errors name it', async () => {
    const mute = await startMockServer({ faults: { banner: 'mute' } });
    const via = jumpHost({ ...login(mute), hostKey: 'insecure-accept-any', timeouts: { banner: 400 } });
    const timeouts = { tcp: 100 };
    const open = connectViaGateway({
      host: 'pc',
      username: 'rpa',
      password: 'x',
      via,
      timeouts,
      retry: false,
    });
    await expect(open).rejects.toMatchObject({
      code: 'SSH_BANNER_TIMEOUT',
      timeoutMs: 400,
      hop: `jump 1 of 1 (127.0.0.1:${mute.port})`,
    });
    await mute.close();
  });

  it.each([
    [
      { retry: false },
      /^option retry \(jumpHost\): false given; retry of the connection that the jump host carries/,
    ],
    [
      { signal: new AbortController().signal },
      /^option signal \(jumpHost\): an AbortSignal given; signal of the connection/,
    ],
    [
      { timeouts: { total: 5 } },
      /^option timeouts.total \(jumpHost\): 5 given; .* that the jump host carries/,
    ],
    [{ socketPath: '' }, /^option socketPath \(jumpHost\): '' given; the path of a Unix socket/],
  ])('rejects %j, which only the carried connection may have', (extra, message) => {
    expect(() => jumpHost({ host: 'h', username: 'u', ...extra } as never)).toThrow(message);
  });
});
