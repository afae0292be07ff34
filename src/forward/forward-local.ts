import { type Checks, checkOptions } from '../check/options.ts';
import { openDirect } from '../ssh2/channels/forwards.ts';
import type { Link } from '../ssh2/channels/link.ts';
import { commonChecks, listenAddressOf, listenChecks, targetChecks, targetOf } from './check.ts';
import { listenLocally, originOf } from './local-listener.ts';
import type { Forwarding, LocalForwardOptions } from './types.ts';

const checks: Checks<LocalForwardOptions> = { ...targetChecks, ...listenChecks, ...commonChecks };

/** @throws {PortForwardFailed} if this machine cannot listen there. */
export async function forwardLocal(link: Link, options: LocalForwardOptions): Promise<Forwarding> {
  checkOptions(options, checks);
  const target = targetOf('options', options);
  const address = listenAddressOf(options, { host: '127.0.0.1', port: 0 });
  return listenLocally(link, address, options, async (socket, connections) => {
    connections.join(socket, await openDirect(link, target, { from: originOf(socket) }));
  });
}
