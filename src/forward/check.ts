import { host } from '../check/address.ts';
import type { Checks } from '../check/options.ts';
import { abortSignal, callback, port, portOrZero, text, textOrEmpty } from '../check/values.ts';
import { within, wrongTogether, wrongType } from '../check/wrong.ts';
import type { DirectTarget } from '../ssh2/channels/forwards.ts';
import type { ForwardOptions, ForwardTarget } from './types.ts';

/** Where a forward listens, checked. */
export type ListenAddress = { host: string; port: number; path?: undefined } | { path: string };

interface ListenOptions {
  listenHost?: string | undefined;
  listenPort?: number | undefined;
  listenPath?: string | undefined;
}

interface GivenTarget {
  host?: string | undefined;
  port?: number | undefined;
  socketPath?: string | undefined;
}

const rightHost = 'a host name or address';
const socketPath = text('the path of a Unix socket');

export const targetChecks: Checks<ForwardTarget> = { host, port, socketPath };

/** OpenSSH takes port 70000 for 4464, and accepts any address as its own, so wrong ones are caught here. */
export const listenChecks: Checks<ListenOptions> = {
  // Empty for all addresses, as in `ssh -L :8080:...`.
  listenHost: textOrEmpty('a name or address', 1_024),
  listenPort: portOrZero,
  listenPath: socketPath,
};

export const commonChecks: Checks<ForwardOptions> = { signal: abortSignal, onConnectionError: callback };

/** The target that options mean which have been checked one by one. */
export function targetOf(name: string, { host: to, port: at, socketPath: path }: GivenTarget): DirectTarget {
  if (path === undefined) {
    if (to === undefined) throw wrongType(within(name, 'host'), to, `${rightHost}, or socketPath instead,`);
    if (at === undefined) throw wrongType(within(name, 'port'), at, 'the port at that host');
    return { host: to, port: at };
  }
  if ((to ?? at) !== undefined) throw wrongTogether(within(name, 'socketPath'), within(name, 'host'));
  return { socketPath: path };
}

/** The listen address that options mean which have been checked one by one. */
export function listenAddressOf(
  options: ListenOptions,
  defaults: { host: string; port?: number },
): ListenAddress {
  const { listenHost = defaults.host, listenPort = defaults.port, listenPath } = options;
  if (listenPath !== undefined) {
    if ((options.listenHost ?? options.listenPort) !== undefined)
      throw wrongTogether('listenPath', 'listenPort');
    return { path: listenPath };
  }
  if (listenPort === undefined) portOrZero('listenPort', listenPort);
  return { host: listenHost, port: listenPort ?? 0 };
}
