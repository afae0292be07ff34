import { isIPv6, type Socket } from 'node:net';
import { domainToASCII } from 'node:url';
import { isSshError, ProxyFailed, type ProxyFailedDetails, type SshError } from '../errors/index.ts';
import { HungUp } from '../socks/read-bytes.ts';
import { printable, quoted } from '../text/printable.ts';
import { onAbort } from '../time/on-abort.ts';
import type { ProxyAddress } from './proxy-url.ts';
import type { RouteContext, RoutedStream } from './route.ts';
import { StrangeAnswer } from './strange-answer.ts';
import { openTcp } from './tcp.ts';

/**
 * Connects to the proxy and lets `talk` request the target. Any failure, and an abort at any time, closes the
 * connection to the proxy.
 */
export async function openByProxy(
  proxy: ProxyAddress,
  context: RouteContext,
  talk: (socket: Socket) => Promise<Socket>,
): Promise<RoutedStream> {
  const { signal } = context;
  nameForOthers(context.host); // throws before anything opens
  const socket = await reachProxy(proxy, context);
  const unfollow = onAbort(signal, () => socket.destroy());
  try {
    const stream = await talk(socket);
    signal.throwIfAborted();
    stream.on('error', () => {});
    return { stream };
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw isSshError(error) || error instanceof RangeError ? error : talkFailed(proxy, context, error);
  } finally {
    unfollow();
  }
}

/** As in DNS; a SOCKS proxy also has only one byte for the length. */
const longestName = 253;

/**
 * The host as it is named to another machine.
 * @throws {RangeError} for an address with a zone, which only has a meaning on this machine, and for an invalid host
 * name.
 */
export function nameForOthers(host: string): string {
  if (isIPv6(host)) {
    if (!host.includes('%')) return host;
    throw new RangeError(`${host}: an address with a zone means nothing to another machine`);
  }
  const name = /[^\0-\x7f]/.test(host) ? domainToASCII(host) : host;
  if (/^[!-~]+$/.test(name) && name.length <= longestName) return name;
  throw new RangeError(`${printable(host, 80)}: no host has such a name, so no proxy can be asked for it`);
}

async function reachProxy(proxy: ProxyAddress, context: RouteContext): Promise<Socket> {
  const { host, port } = proxy;
  try {
    return await openTcp({ ...context, signal: context.signal, host, port });
  } catch (error) {
    if (!isSshError(error)) throw error;
    throw proxyFailed(proxy, context, `could not be reached: ${error.message}`, {
      errno: (error as SshError & { errno?: string }).errno,
      retryable: error.retryable,
      cause: error,
      hint: 'The proxy itself is down, its name or port is wrong, or the network on the way to it is down.',
    });
  }
}

function talkFailed(proxy: ProxyAddress, context: RouteContext, error: unknown): ProxyFailed {
  const fail = (what: string, hint: string, retryable: boolean) =>
    proxyFailed(proxy, context, what, { cause: error, retryable, hint });
  if (error instanceof StrangeAnswer) {
    const said = error.said === '' ? '' : `: it said ${quoted(withoutLogin(error.said, proxy), 80)}`;
    return fail(error.message + said, error.hint, error.retryable);
  }
  const said = error instanceof Error ? printable(withoutLogin(error.message, proxy)) : 'no reason given';
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    const hint =
      "Set NODE_EXTRA_CA_CERTS to the authority's certificate, and give the proxy's name as in the certificate.";
    return fail(`shows a certificate that is not trusted: ${said}`, hint, false);
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return fail('does not speak TLS', 'If it is an HTTP proxy, its URL begins with http://.', false);
  }
  const kind = 'Is it the right port, and is the kind of proxy (http, https, socks5) right?';
  // Dante, for one, does not tell a machine that it may not come in.
  const hasHungUp = error instanceof HungUp || code === 'ECONNRESET' || code === 'EPIPE';
  const hint = hasHungUp ? `${kind} Does it let this machine in?` : kind;
  return fail(`did not answer as a proxy of this kind does: ${said}`, hint, true);
}

/** A `ProxyFailed` of this hop. */
export function proxyFailed(
  proxy: ProxyAddress,
  context: RouteContext,
  what: string,
  details: Omit<ProxyFailedDetails, 'phase' | 'proxy'>,
): ProxyFailed {
  const { host, port } = context;
  return new ProxyFailed(`The proxy ${proxy.shown}, on the way to ${host}:${port}, ${what}`, {
    phase: 'route',
    host,
    port,
    hop: hopOf(proxy, context),
    proxy: proxy.shown,
    ...details,
    ...('cause' in details && { cause: tame(details.cause, proxy) }),
  });
}

/** Removes the login from what a proxy says, as it may repeat what it was sent. */
export function withoutLogin(text: string, { login }: ProxyAddress): string {
  if (login === undefined) return text;
  const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  const secrets = [basic, login.password].filter((secret) => secret !== '');
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

/** Drops an error's other properties, which may contain the login as well. */
function tame(cause: unknown, proxy: ProxyAddress): unknown {
  if (!(cause instanceof Error) || isSshError(cause)) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  return Object.assign(new Error(withoutLogin(cause.message, proxy)), code !== undefined && { code });
}

export function hopOf(proxy: ProxyAddress, { hop }: RouteContext): string {
  return hop ?? `proxy (${proxy.host}:${proxy.port})`;
}
