import { isIP, isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ProxyFailed } from '../errors/index.ts';
import { printable } from '../text/printable.ts';
import { type ConnectAnswer, readConnectAnswer } from './connect-answer.ts';
import { nameForOthers, openByProxy, proxyFailed, withoutLogin } from './proxy-stream.ts';
import { type ProxyAddress, parseProxyUrl } from './proxy-url.ts';
import type { Route, RouteContext } from './route.ts';

/**
 * A route through an HTTP proxy with the CONNECT method (RFC 9110 section 9.3.6): `http://proxy.example.com:3128`, or
 * `https://...` for a proxy that speaks TLS. A user name and password in the URL are sent to it (Basic) and never
 * appear in a log or an error. Most proxies allow CONNECT only to port 443: ask for the gateway's port to be added.
 *
 * @example
 * await connectViaGateway({ host: 'gateway.example.com', port: 9012, username: 'rpa', agent: true,
 *   via: httpProxy('http://proxy.corp.example:3128') });
 *
 * @throws {TypeError | RangeError} if `url` is not the URL of an HTTP proxy.
 * @throws {ProxyFailed} (when connecting) with the proxy's `status`.
 */
export function httpProxy(url: string | URL): Route {
  const proxy = parseProxyUrl('argument url', url, ['http', 'https']);
  return {
    kind: 'http-proxy',
    open: (context) =>
      openByProxy(proxy, context, async (socket) =>
        ask(proxy, context, proxy.scheme === 'https' ? await secure(socket, proxy) : socket),
      ),
  };
}

function secure(socket: Socket, { host }: ProxyAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const encrypted = connectTls({ socket, host, servername: isIP(host) ? '' : host });
    // A proxy that hangs up during the handshake closes the socket without an error.
    const onClose = () => reject(new Error('it closed the connection during the TLS handshake'));
    encrypted.once('error', reject).once('close', onClose);
    encrypted.once('secureConnect', () => {
      encrypted.off('close', onClose);
      resolve(encrypted);
    });
  });
}

async function ask(proxy: ProxyAddress, context: RouteContext, socket: Socket): Promise<Socket> {
  const host = nameForOthers(context.host);
  const target = `${isIPv6(host) ? `[${host}]` : host}:${context.port}`;
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, ...authorization(proxy)];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const answer = await readConnectAnswer(socket);
  if (answer.status < 200 || answer.status > 299) throw refusal(proxy, context, answer);
  return socket;
}

function authorization({ login }: ProxyAddress): string[] {
  if (login === undefined) return [];
  const words = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return [`Proxy-Authorization: Basic ${words}`];
}

/**
 * The server errors with which proxies report that the target could not be reached (RFC 9110, section 15.6); tinyproxy does
 * so with another one, and a reason that is always the same.
 */
function isOfTarget({ status, reason }: ConnectAnswer): boolean {
  return [502, 503, 504].includes(status) || (status === 500 && reason === 'Unable to connect');
}

function refusal(proxy: ProxyAddress, context: RouteContext, answer: ConnectAnswer): ProxyFailed {
  const { status } = answer;
  const reason = printable(withoutLogin(Buffer.from(answer.reason, 'latin1').toString('utf8'), proxy), 200);
  return proxyFailed(proxy, context, `refused: ${`${status} ${reason}`.trimEnd()}`, {
    status,
    retryable: status >= 500 || status === 408 || status === 429,
    hint: hintOf(proxy, context, answer),
  });
}

function hintOf({ login }: ProxyAddress, { host, port }: RouteContext, answer: ConnectAnswer): string {
  const { status, reason, waysIn } = answer;
  if (status === 407) {
    const ways = namesOf(waysIn);
    if (ways.length > 0 && !ways.some((way) => /^basic$/i.test(way))) {
      return `It requires a login by ${ways.slice(0, 5).join(' or ')}, which is not supported (only Basic is): a local relay that speaks it, such as px or cntlm, can stand in between.`;
    }
    return login === undefined
      ? 'It requires a login: give one in the URL, http://user:password@proxy (special characters as %xx).'
      : 'It does not accept this user name and password.';
  }
  if (status === 403 || status === 405) {
    return `It does not allow this connection. Most proxies allow CONNECT to port 443 only, some also limit the hosts, or who may come in; its administrator can add ${host}:${port}.`;
  }
  if (/upstream proxy/i.test(reason)) return 'It hands on to another proxy, and could not reach that one.';
  if (isOfTarget(answer)) {
    return 'It could not reach the target: it is down, or its name has no address there. At a published port of the gateway: no tunnel is up, so the PC is off or its tunnel is down.';
  }
  if (status === 500) return 'Something is wrong with the proxy itself: its log tells more.';
  if (status === 429)
    return 'It serves so many connections of this machine only; it may take another one later.';
  if (status === 511 || (status >= 300 && status <= 399))
    return 'It sends to a page: a network that wants a login in a web browser first does so.';
  return 'Is it an HTTP proxy that knows CONNECT?';
}

/** The names of the authentication schemes (RFC 9110, section 11.7.1), without their parameters. */
function namesOf(waysIn: string): string[] {
  const bare = waysIn.slice(0, 4_096).replace(/"(?:[^"\\]|\\.)*"?/g, '""');
  const names = bare.matchAll(/(?:^|,)\s*([a-z][\w-]*)(?=\s*(?:,|$)|\s+\w)/gi);
  return [...names].map(([, name = '']) => printable(name, 40));
}
