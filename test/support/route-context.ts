import type { ConnectOptions } from '../../src/options/types.ts';
import type { HopConnection, RouteContext } from '../../src/route/route.ts';
import { plainLink } from './plain-link.ts';

/** What a connection would tell its route. */
export function routeContext(overrides: Partial<RouteContext> = {}): RouteContext {
  return {
    host: '127.0.0.1',
    port: 22,
    username: 'rpa',
    signal: new AbortController().signal,
    timeout: 5_000,
    log: () => {},
    connect: connectHop,
    ...overrides,
  };
}

/** Connects a hop over its own route, as the library does, without its phases and retries. */
export async function connectHop(options: ConnectOptions, hop: string): Promise<HopConnection> {
  const { host, port = 22, username, password, via } = options;
  if (via === undefined) return plainLink({ host, port, username, password, hop });
  if (typeof via === 'function') throw new Error('not used in these tests');
  const routed = await via.open(routeContext({ host, port, username, hop }));
  const made = await plainLink({ host, port, username, password, hop, sock: routed.stream });
  void made.closed.then(() => routed.dispose?.());
  return made;
}
