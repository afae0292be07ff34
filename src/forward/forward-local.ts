import { checkOptions } from '../check/options.ts';
import { openDirect } from '../ssh2/channels/forwards.ts';
import type { Link } from '../ssh2/channels/link.ts';
import { listenAddressOf, localChecks, targetOf } from './check.ts';
import { listenLocally, originOf } from './local-listener.ts';
import type { Forwarding, LocalForwardOptions } from './types.ts';

/** @throws {PortForwardFailed} when this machine cannot listen there. */
export async function forwardLocal(link: Link, options: LocalForwardOptions): Promise<Forwarding> {
  checkOptions(options, localChecks);
  const target = targetOf('options', options);
  const address = listenAddressOf(options, { host: '127.0.0.1', port: 0 });
  return listenLocally(link, address, options, async (socket, connections) => {
    connections.join(socket, await openDirect(link, target, { from: originOf(socket) }));
  });
}
