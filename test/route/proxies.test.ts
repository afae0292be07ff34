import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Connection,
  ConnectionRefused,
  connectViaGateway,
  httpProxy,
  jumpHost,
  keepReverseTunnel,
  type ProxyFailed,
  proxyFromEnvironment,
  type Route,
  socksProxy,
} from '../../src/index.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import type { RouteContext } from '../../src/route/route.ts';
import { tcpServer } from '../support/echo.ts';
import { httpProxyServer, socksProxyServer } from '../support/proxies.ts';

const secret = 'p@ss:w%rd';
const login = `kim:${secret}`;
const inUrl = `kim:${encodeURIComponent(secret)}`;

let server: MockServer;
beforeAll(async () => {
  server = await startMockServer({ exec: { hi: { stdout: 'hello' } } });
});
afterAll(() => server.close());

function options(via: Route) {
  const { host, port, username, password = '', hostKey } = server;
  return {
    host,
    port,
    username,
    password,
    hostKey: { fingerprint: hostKey.fingerprint },
    via,
    retry: false as const,
  };
}

async function sayHello(connection: Connection): Promise<string> {
  await using _closed = connection;
  return (await connection.exec('hi')).stdout;
}

async function failure(via: Route, more: object = {}): Promise<ProxyFailed> {
  const error: unknown = await connectViaGateway({ ...options(via), ...more }).catch((reason) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(secret);
  return error as ProxyFailed;
}

describe.each([
  ['an HTTP proxy', httpProxy, 'http', httpProxyServer],
  ['a SOCKS proxy', socksProxy, 'socks5', socksProxyServer],
] as const)('%s', (_name, route, scheme, start) => {
  it('leads to the server, and is closed with the connection', async () => {
    await using proxy = await start();
    const via = route(`${scheme}://127.0.0.1:${proxy.port}`);
    expect(await sayHello(await connectViaGateway(options(via)))).toBe('hello');
    expect(proxy.asked).toEqual([`${server.host}:${server.port}`]);
    await vi.waitFor(() => expect(proxy.open()).toBe(0));
  });

  it('gets the user name and password of the URL, which nothing else shows', async () => {
    await using proxy = await start({ login });
    const via = route(`${scheme}://${inUrl}@127.0.0.1:${proxy.port}`);
    expect(await sayHello(await connectViaGateway(options(via)))).toBe('hello');
    expect(inspect(via, { depth: 9, showHidden: true }) + JSON.stringify(via)).not.toContain(secret);
  });

  it('that requires credentials, or others, is reported', async () => {
    await using proxy = await start({ login });
    const at = `127.0.0.1:${proxy.port}`;
    const without = await failure(route(`${scheme}://${at}`));
    expect(without).toMatchObject({ code: 'SSH_PROXY_FAILED', phase: 'route', retryable: false });
    expect(without.hint).toMatch(/requires a login.*user:password@/);
    const wrong = await failure(route(`${scheme}://kim:wrong@${at}`));
    expect(wrong).toMatchObject({ retryable: false, proxy: `${scheme}://${at}`, hop: `proxy (${at})` });
    await vi.waitFor(() => expect(proxy.open()).toBe(0));
  });

  it('that is missing is distinguished from a missing target', async () => {
    await using nobody = await tcpServer(() => {});
    await nobody.close();
    const error = await failure(route(`${scheme}://127.0.0.1:${nobody.port}`));
    expect(error).toMatchObject({ code: 'SSH_PROXY_FAILED', errno: 'ECONNREFUSED', retryable: true });
    expect(error.hint).toMatch(/^The proxy itself/);
  });

  it.each(['ends', 'resets'])(
    'that %s the connection leads to a hint that it may not admit this machine',
    async (way) => {
      await using other = await tcpServer((socket) =>
        socket.once('data', () => (way === 'ends' ? socket.end() : socket.resetAndDestroy())),
      );
      const error = await failure(route(`${scheme}://127.0.0.1:${other.port}`));
      expect(error.hint).toMatch(/Does it let this machine in\?$/);
    },
  );

  it.each([
    ['hangs up', '', /did not answer as a proxy of this kind does/, true],
    ['is a mail server', '220 mail ESMTP\r\n', /of this kind does: it said "220 mail ESMTP"/, true],
    [
      'is an SSH server',
      'SSH-2.0-OpenSSH_9.2\r\n',
      /is an SSH server: it said "SSH-2\.0-OpenSSH_9\.2"/,
      false,
    ],
    ['speaks TLS', '\x15\x03\x01\x00\x02\x02(', /is a server that speaks TLS/, false],
    ['shows a page', '<!DOCTYPE html>\n<p>Closed</p>', /is a web server: it said "<!DOCTYPE html>"/, true],
    ['is a SOCKS 4 proxy', '\0[\0\0\0\0\0\0', /is a SOCKS 4 proxy/, false],
  ])('that %s is reported as such', async (_what, words, message, retryable) => {
    await using other = await tcpServer((socket) => socket.end(words, 'latin1'));
    const error = await failure(route(`${scheme}://127.0.0.1:${other.port}`));
    expect(error).toMatchObject({ code: 'SSH_PROXY_FAILED', retryable });
    expect(error.message).toMatch(message);
  });

  it('that is silent is given up after the timeout or an abort, and closed', async () => {
    await using mute = await tcpServer((socket) => socket.on('end', () => socket.end()).resume());
    const via = route(`${scheme}://127.0.0.1:${mute.port}`);
    expect(await failure(via, { timeouts: { tcp: 50 } })).toMatchObject({ code: 'SSH_TCP_TIMEOUT' });
    const reason = new Error('enough');
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 20);
    expect(await failure(via, { signal: stop.signal })).toBe(reason);
    await vi.waitFor(() => expect(mute.sockets.size).toBe(0));
  });

  it('also leads to a jump host', async () => {
    await using proxy = await start();
    const { retry: _retry, ...gateway } = options(route(`${scheme}://127.0.0.1:${proxy.port}`));
    expect(await sayHello(await connectViaGateway(options(jumpHost(gateway))))).toBe('hello');
    expect(proxy.asked).toEqual([`${server.host}:${server.port}`]);
  });

  it('carries a tunnel', async () => {
    await using proxy = await start();
    const { retry: _retry, ...gateway } = options(route(`${scheme}://127.0.0.1:${proxy.port}`));
    const tunnel = keepReverseTunnel({
      gateway,
      listenPort: await freePort(),
      target: { host: '127.0.0.1', port: server.port },
      checkInterval: Number.POSITIVE_INFINITY,
    });
    for await (const { state } of tunnel) if (state === 'up') break;
    await tunnel.close();
    expect(proxy.asked).toHaveLength(1);
    await vi.waitFor(() => expect(proxy.open()).toBe(0));
  });
});

async function freePort(): Promise<number> {
  const { port, close } = await tcpServer(() => {});
  await close();
  return port;
}

describe('the reply of an HTTP proxy', () => {
  it.each([
    [403, false, /does not allow this connection.* port 443 only.* can add \S+:\d+\.$/],
    [407, false, /requires a login/],
    [429, true, /serves so many connections/],
    [502, true, /could not reach the target/],
  ])('%i is reported by its meaning', async (status, retryable, hint) => {
    await using proxy = await httpProxyServer({ status });
    const error = await failure(httpProxy(`http://127.0.0.1:${proxy.port}`));
    expect(error).toMatchObject({ code: 'SSH_PROXY_FAILED', status, retryable });
    expect(error.hint).toMatch(hint);
    expect(error.message).toContain('\\x1b[31m');
  });
});

describe('the reply of a SOCKS proxy', () => {
  it('a refused target is the same as a refused port', async () => {
    await using proxy = await socksProxyServer({ status: 5 });
    const error = await failure(socksProxy(`socks5://127.0.0.1:${proxy.port}`));
    expect(error).toBeInstanceOf(ConnectionRefused);
    expect(error).toMatchObject({ retryable: true, phase: 'route', hop: `proxy (127.0.0.1:${proxy.port})` });
  });

  it.each([
    [1, true],
    [2, false],
    [4, true],
    [7, false],
    [99, true],
  ])('reply %i is reported by its meaning', async (status, retryable) => {
    await using proxy = await socksProxyServer({ status });
    const error = await failure(socksProxy(`socks5://127.0.0.1:${proxy.port}`));
    expect(error).toMatchObject({ code: 'SSH_PROXY_FAILED', status, retryable });
  });

  it.each([
    ['gateway.example.com', 'gateway.example.com'],
    ['10.1.2.3', '10.1.2.3'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['fe80::1:2', 'fe80:0:0:0:0:0:1:2'],
    ['::ffff:10.1.2.3', '0:0:0:0:0:ffff:a01:203'],
  ])('the target %s is resolved by the proxy, not here', async (host, asked) => {
    await using proxy = await socksProxyServer({ status: 2 });
    await failure(socksProxy(`socks5h://127.0.0.1:${proxy.port}`), { host, port: 9012 });
    expect(proxy.asked).toEqual([`${asked}:9012`]);
  });
});

describe('proxyFromEnvironment', () => {
  afterEach(() => vi.unstubAllEnvs());
  const names = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'];
  const environment = (given: Record<string, string>) => {
    for (const name of names) vi.stubEnv(name, given[name] ?? '');
  };

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('uses the proxy of %s', async (name) => {
    await using proxy = await httpProxyServer();
    environment({ [name]: `http://127.0.0.1:${proxy.port}` });
    expect(await sayHello(await connectViaGateway(options(proxyFromEnvironment())))).toBe('hello');
    expect(proxy.asked).toHaveLength(1);
  });

  it('treats a name without a scheme as an HTTP proxy, and supports SOCKS', async () => {
    await using http = await httpProxyServer();
    environment({ HTTPS_PROXY: `127.0.0.1:${http.port}` });
    expect(await sayHello(await connectViaGateway(options(proxyFromEnvironment())))).toBe('hello');
    await using socks = await socksProxyServer();
    environment({ ALL_PROXY: `socks5://127.0.0.1:${socks.port}` });
    expect(await sayHello(await connectViaGateway(options(proxyFromEnvironment())))).toBe('hello');
    expect([http.asked.length, socks.asked.length]).toEqual([1, 1]);
  });

  it.each(['127.0.0.1', '*', 'other.example.com,127.0.0.1'])(
    'connects directly with NO_PROXY=%s',
    async (list) => {
      await using proxy = await httpProxyServer();
      environment({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: list });
      expect(await sayHello(await connectViaGateway(options(proxyFromEnvironment())))).toBe('hello');
      expect(proxy.asked).toEqual([]);
    },
  );

  it('connects directly without a proxy', async () => {
    environment({});
    expect(await sayHello(await connectViaGateway(options(proxyFromEnvironment())))).toBe('hello');
  });

  it('names variables that hold no proxy URL, without the password', async () => {
    environment({ HTTPS_PROXY: `ftp://${inUrl}@proxy` });
    const error = await failure(proxyFromEnvironment());
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/^HTTPS_PROXY or ALL_PROXY: 'ftp:\/\/' given; .* would be right$/);
  });
});

describe('invalid arguments', () => {
  it.each([
    [
      () => httpProxy(5 as never),
      'argument url: 5 given; a URL such as http://proxy.example.com:3128 would be right',
    ],
    [() => httpProxy({ url: '' } as never), 'argument url: an object given; a URL such as'],
    [
      () => httpProxy(''),
      "argument url: '' given; a URL such as http://proxy.example.com:3128 would be right",
    ],
    [
      () => httpProxy('proxy:3128'),
      'argument url: something that is not a URL given; a URL such as http://proxy.example.com:3128 would be right',
    ],
    [() => httpProxy('socks5://p:1'), "argument url: 'socks5://' given; a URL such as http://"],
    [
      () => socksProxy('http://p:1'),
      "argument url: 'http://' given; a URL such as socks5://proxy.example.com:1080",
    ],
    [() => socksProxy('socks4://p:1'), "argument url: 'socks4://' given"],
    [
      () => socksProxy(`socks5://u:${'x'.repeat(256)}@p`),
      'argument url: a password of 256 bytes given; 1 to 255 would be right',
    ],
    [
      () => httpProxy('http://u:50%@p'),
      'argument url: a user name or password with a % that is not an escape given; %25 for it would be right',
    ],
  ])('are reported at once: %s', (use, message) => {
    expect(use).toThrow(message);
  });

  it('such as a zone in an address are reported before any request', async () => {
    await using proxy = await socksProxyServer();
    const error = await failure(socksProxy(`socks5://127.0.0.1:${proxy.port}`), { host: 'fe80::1%eth0' });
    expect(error).toBeInstanceOf(RangeError);
    expect(proxy.asked).toEqual([]);
  });

  it.each([() => httpProxy('http://127.0.0.1:1'), () => socksProxy('socks5://127.0.0.1:1')])(
    'such as a host that would inject into the request are reported before it is sent: %s',
    async (route) => {
      const context = { host: 'pc\r\nX-Other: yes', port: 22, signal: new AbortController().signal };
      const opening = route().open({ ...context } as RouteContext);
      await expect(opening).rejects.toThrow(/^pc\\r\\nX-Other: yes: no host has such a name/);
    },
  );
});
