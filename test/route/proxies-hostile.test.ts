import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  connectViaGateway,
  httpProxy,
  type ProxyFailed,
  proxyFromEnvironment,
  socksProxy,
} from '../../src/index.ts';
import { latch } from '../../src/time/latch.ts';
import { tcpServer } from '../support/echo.ts';
import { routeContext } from '../support/route-context.ts';

const secret = 'p@ss:w%rd"';
const inUrl = `kim:${encodeURIComponent(secret)}`;
const basic = Buffer.from(`kim:${secret}`).toString('base64');

async function failure(scheme: 'http' | 'socks5', talk: (socket: Socket) => void, host = '10.9.9.9') {
  await using proxy = await tcpServer(talk);
  const via = (scheme === 'http' ? httpProxy : socksProxy)(`${scheme}://${inUrl}@127.0.0.1:${proxy.port}`);
  const target = { host, port: 9012, username: 'x', password: 'x', hostKey: 'insecure-accept-any' } as const;
  const error: unknown = await connectViaGateway({
    ...target,
    via,
    retry: false,
    timeouts: { tcp: 2_000 },
  }).then(
    () => expect.unreachable(),
    (reason) => reason,
  );
  const shown = inspect(error, { depth: 9, showHidden: true, maxArrayLength: null }) + JSON.stringify(error);
  for (const word of [secret, basic, Buffer.from(basic).toString('hex')]) expect(shown).not.toContain(word);
  return error as ProxyFailed;
}

/** Answers the n-th piece that it receives with the n-th of these. */
function script(...answers: (string | number[])[]) {
  return (socket: Socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      const next = answers.shift();
      if (next !== undefined) socket.write(typeof next === 'string' ? next : Buffer.from(next));
    });
  };
}

describe('an HTTP proxy', () => {
  it.each([
    ['in its answer', (request: string) => `HTTP/1.1 500 ${request.replace(/\r\n/g, ' ')}\r\n\r\n`],
    ['decoded', () => `HTTP/1.1 500 kim:${secret} is wrong\r\n\r\n`],
    ['instead of an answer', (request: string) => request],
    ['in a first line that is none', (request: string) => `HTTP/1.1 OK ${request.replace(/\r\n/g, ' ')}`],
  ])('that echoes the credentials %s does not get them into the error', async (_what, answer) => {
    const error = await failure('http', (socket) => {
      socket.on('error', () => {}).once('data', (request) => socket.end(answer(request.toString())));
    });
    expect(error).toMatchObject({ code: 'SSH_PROXY_FAILED', phase: 'route' });
  });

  it.each([
    [['Negotiate', 'NTLM'], /by Negotiate or NTLM, which is not supported/],
    [['NTLM', 'Basic realm="x"'], /does not accept this user name and password/],
    [['Digest realm="x", basic realm="y"'], /does not accept this user name and password/],
    [['a', 'b', 'c', 'd', 'e', 'f'], /by a or b or c or d or e, which/],
    [['x'.repeat(41)], /by x{40}\.\.\. \(1 more\), which/],
    [['Digest realm="x, Basic y", nonce="z"'], /by Digest, which is not supported/],
  ])('that requires authentication by %s is reported', async (ways, hint) => {
    const head = ways.map((way) => `Proxy-Authenticate: ${way}\r\n`).join('');
    const error = await failure('http', script(`HTTP/1.1 407 No\r\n${head}\r\n`));
    expect(error).toMatchObject({ status: 407, retryable: false, hint: expect.stringMatching(hint) });
  });

  it('is asked for a host in its DNS form', async () => {
    let asked = '';
    await failure(
      'http',
      (socket) => {
        socket.once('data', (request) => {
          asked = request.toString().split('\r\n')[0]!;
          socket.end('HTTP/1.1 502 x\r\n\r\n');
        });
      },
      '회사.example',
    );
    expect(asked).toBe('CONNECT xn--vf4b131b.example:9012 HTTP/1.1');
  });

  it.each([
    ['one header', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}`],
    ['interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(10_000)],
  ])('whose reply has no end is given up: %s', async (_what, answer) => {
    const error = await failure('http', script(answer));
    expect(error).toMatchObject({
      code: 'SSH_PROXY_FAILED',
      message: expect.stringMatching(/its answer goes on after 16384 bytes/),
    });
  });

  it.each([
    [300, /a network that wants a login in a web browser/],
    [302, /a network that wants a login in a web browser/],
    [399, /a network that wants a login in a web browser/],
    [400, /Is it an HTTP proxy that knows CONNECT/],
    [408, /Is it an HTTP proxy that knows CONNECT/],
    [429, /serves so many connections/],
    [500, /wrong with the proxy itself/],
    ['500 Unable to connect', /could not reach the target/],
    ['502 Unable to connect to upstream proxy', /hands on to another proxy/],
    [501, /Is it an HTTP proxy that knows CONNECT/],
    [503, /could not reach the target/],
    [511, /a network that wants a login in a web browser/],
  ])('that replies %s is reported', async (status, hint) => {
    const error = await failure('http', script(`HTTP/1.1 ${status}\r\n\r\n`));
    expect(error).toMatchObject({
      status: Number.parseInt(`${status}`, 10),
      retryable: !['300', '302', '399', '400'].includes(`${status}`),
      hint: expect.stringMatching(hint),
    });
    expect(error.message).toMatch(new RegExp(`refused: ${status}$`));
  });

  it('without TLS where it is required is reported', async () => {
    await using plain = await tcpServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 x\r\n\r\n')),
    );
    const via = httpProxy(`https://127.0.0.1:${plain.port}`);
    const target = {
      host: '10.9.9.9',
      username: 'x',
      password: 'x',
      hostKey: 'insecure-accept-any',
    } as const;
    const error = await connectViaGateway({ ...target, via, retry: false }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'SSH_PROXY_FAILED', retryable: false });
    expect(error.message).toMatch(/does not speak TLS$/);
  });

  const ok = 'HTTP/1.1 200 OK';
  it.each([
    ['without CR', `${ok}\n\n`],
    ['without CR, with a header', `${ok}\nVia: x\n\n`],
    ['with a header in two lines', `${ok}\r\nX: a\r\n  b\r\n\r\n`],
    [
      'of two interim answers before',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${ok}\r\n\r\n`,
    ],
    ['without a reason', 'HTTP/1.1 200\r\n\r\n'],
    ['of HTTP/1.0', 'HTTP/1.0 200 Connection established\r\n\r\n'],
    ['behind an empty line', `\r\n${ok}\r\n\r\n`],
    ['with a length', `${ok}\r\nContent-Length: 5\r\n\r\n`],
    [
      'with two lengths and chunks',
      `${ok}\r\nContent-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['with a header that is none', `${ok}\r\nX y\x01\r\n\r\n`],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('with a reply %s connects, however the reply is split', async (_what, answer) => {
    const banner = 'SSH-2.0-far\r\n';
    for (const size of [1, 7, 1_000]) {
      const heard = latch<string>();
      await using proxy = await tcpServer((socket) => {
        socket.once('data', async () => {
          socket.on('data', (piece) => heard.resolve(String(piece)));
          const all = answer + banner;
          for (let at = 0; at < all.length; at += size) {
            socket.write(all.slice(at, at + size));
            await new Promise((resolve) => setImmediate(resolve));
          }
        });
      });
      const { stream } = await httpProxy(`http://127.0.0.1:${proxy.port}`).open(routeContext());
      let text = '';
      for await (const piece of stream.iterator({ destroyOnReturn: false })) {
        text += piece;
        if (text.length >= banner.length) break;
      }
      expect(text).toBe(banner);
      stream.write('our words');
      expect(await heard.promise).toBe('our words');
      stream.destroy();
    }
  });

  it.each([`${ok}\r\nX: y\r\n\r\n`, 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n'])(
    'that is cut off anywhere in %j leads to a typed error',
    async (answer) => {
      for (let at = 0; at < answer.length; at++) {
        const error = await failure('http', (socket) =>
          socket.once('data', () => socket.end(answer.slice(0, at))),
        );
        const when = at === 0 ? 'without an answer' : 'in mid-answer';
        expect(error.message).toContain(`it closed the connection ${when}`);
      }
    },
  );
});

describe('a SOCKS proxy', () => {
  it.each([
    ['no more than that it failed', [5, 1], /refused: general failure/],
    ['no more than that it may not', [5, 2], /rules do not allow/],
    ['in another version', [4, 0, 0, 1, 0, 0, 0, 0, 0, 0], /is a SOCKS 4 proxy/],
  ])('that replies %s is understood', async (_what, reply, message) => {
    expect((await failure('socks5', script([5, 0], reply))).message).toMatch(message);
  });

  it('that falls silent is not reported as a gateway that is off', async () => {
    const error = await failure('socks5', script([5, 0]));
    expect(error).toMatchObject({
      code: 'SSH_TCP_TIMEOUT',
      hint: expect.stringMatching(/^No answer came by this route/),
    });
  });
});

it.each(['http', 'socks5'] as const)(
  'an invalid host name is reported before any request (%s)',
  async (scheme) => {
    const asked = vi.fn();
    const listening = (socket: Socket) => void socket.on('error', () => {}).on('data', asked);
    for (const host of [`${'a'.repeat(60)}.`.repeat(5), 'fe80::1%eth0']) {
      const error = await failure(scheme, listening, host);
      expect(error).toBeInstanceOf(RangeError);
    }
    expect(asked).not.toHaveBeenCalled();
  },
);

describe('NO_PROXY', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['10.0.0.0/8', '10.9.9.9', true],
    ['10.0.0.0/8', '11.9.9.9', false],
    ['192.168.0.0/16, 127.0.0.0/8', '127.0.0.1', true],
    ['0.0.0.0/0', '127.0.0.1', true],
    ['10.9.9.9/32', '10.9.9.9', true],
    ['127.0.0.1/33', '127.0.0.1', false],
    ['127.0.0.1/', '127.0.0.1', false],
    ['127.0.0.0/8x', '127.0.0.1', false],
    ['::1', '::1', true],
    ['[::1]', '::1', true],
    ['0:0:0:0:0:0:0:1', '::1', true],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['::1/129', '::1', false],
    ['127.0.0.0/8', 'localhost.example', false],
    ['fe80::1%eth0', '::1', false],
    ['.example.com', 'gw.example.com', true],
    ['*.example.com', 'gw.example.com', true],
    ['example.com', 'gw.example.com', true],
    ['example.com', 'badexample.com', false],
    ['gw.example.com', 'example.com', false],
    ['.example.com', 'example.com', true],
    ['*.example.com', 'example.com', false],
    ['EXAMPLE.com', 'gw.Example.COM', true],
    ['example.com.', 'gw.example.com', true],
    ['example.com', 'gw.example.com.', true],
    ['example.com:9012', 'gw.example.com', true],
    ['example.com:22', 'gw.example.com', false],
    ['.', 'gw.example.com', false],
    ['gw.example.com:9012', 'gw.example.com', true],
    ['gw.example.com:22', 'gw.example.com', false],
    ['GW.Example.com', 'gw.example.com', true],
    ['*', 'anything', true],
    [' a.example b.example', 'b.example', true],
  ])('%j connects to %s directly: %s', async (list, host, isStraight) => {
    await using proxy = await tcpServer((socket) => socket.end('HTTP/1.1 403 No\r\n\r\n'));
    for (const name of ['https_proxy', 'all_proxy', 'ALL_PROXY', 'no_proxy']) vi.stubEnv(name, '');
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`);
    vi.stubEnv('NO_PROXY', list);
    const stop = new AbortController();
    const route = proxyFromEnvironment();
    const context = { host, port: 9012, username: 'x', signal: stop.signal, timeout: 1_000, log: () => {} };
    const outcome = route.open(context as never).then(
      () => 'straight',
      (error: { code?: string }) => (error.code === 'SSH_PROXY_FAILED' ? 'by the proxy' : 'straight'),
    );
    // What is not on this machine may take its time.
    setTimeout(() => stop.abort(new Error('enough')), 300);
    expect(await outcome).toBe(isStraight ? 'straight' : 'by the proxy');
  });
});
