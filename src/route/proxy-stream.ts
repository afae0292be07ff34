import type { Socket } from 'node:net';
import { isSshError, ProxyFailed, type ProxyFailedDetails, type SshError } from '../errors/index.ts';
import { printable } from '../text/printable.ts';
import { onAbort } from '../time/on-abort.ts';
import type { ProxyAddress } from './proxy-url.ts';
import type { RouteContext, RoutedStream } from './route.ts';
import { openTcp } from './tcp.ts';

/**
 * Connects to the proxy and lets `talk` ask it for the target. Whatever fails, and an abort at any time, closes the
 * connection to the proxy.
 */
export async function openByProxy(
  proxy: ProxyAddress,
  context: RouteContext,
  talk: (socket: Socket) => Promise<Socket>,
): Promise<RoutedStream> {
  const { signal } = context;
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

async function reachProxy(proxy: ProxyAddress, context: RouteContext): Promise<Socket> {
  const { host, port } = proxy;
  try {
    return await openTcp({ ...context, host, port });
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
  const said = error instanceof Error ? printable(error.message) : 'no reason given';
  return proxyFailed(proxy, context, `did not answer as a proxy of this kind does: ${said}`, {
    cause: error,
    retryable: true,
    hint: 'Is it the right port, and is the kind of proxy (http, https, socks5) right?',
  });
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
  });
}

export function hopOf(proxy: ProxyAddress, { hop }: RouteContext): string {
  return hop ?? `proxy (${proxy.host}:${proxy.port})`;
}
