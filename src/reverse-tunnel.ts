import { connectViaGateway } from './connect-via-gateway.ts';
import type { Connection } from './connection.ts';
import { startReverseTunnel } from './tunnel/keep/reverse-tunnel.ts';
import type { EndedTunnel } from './tunnel/list/end-tunnel.ts';
import type { GatewayTunnel, ListTunnelsOptions } from './tunnel/list/list.ts';
import type { ReverseTunnel, ReverseTunnelOptions } from './tunnel/types.ts';

/**
 * The PC's side: keeps a port open on the gateway that leads to this PC, notices when the connection or the port
 * fails, and reconnects. Replaces `ssh -fN -R` in a batch file, and autossh.
 *
 * @example
 * const tunnel = keepReverseTunnel({
 *   gateway: { host: 'gateway.example.com', username: 'customer12', privateKeyPath: 'C:\\rpa\\id_ed25519' },
 *   listenPort: 9012,
 *   target: { host: '127.0.0.1', port: 22 },
 *   reclaim: true,
 *   onEvent: (event) => console.log(event.at.toISOString(), event.type),
 * });
 * await tunnel.closed;
 *
 * @throws {TypeError | RangeError} for wrong options, before anything opens. Later failures are reported by events,
 *   by the iterator, and by `closed`, which never rejects.
 */
export function keepReverseTunnel(options: ReverseTunnelOptions): ReverseTunnel {
  return startReverseTunnel((gateway) => connectViaGateway(gateway), options);
}

/**
 * Lists the gateway's listening ports: who holds each, since when, and whether the PC behind it answers. Use an
 * operator's account; without root, less is known about other users' sessions.
 */
export async function listGatewayTunnels(
  connection: Connection,
  options?: ListTunnelsOptions,
): Promise<GatewayTunnel[]> {
  const { listTunnels } = await import('./tunnel/list/list.ts');
  return listTunnels(connection, options);
}

/** Ends the session that holds a port of the gateway: a zombie, or a customer who has left. */
export async function endGatewayTunnel(
  connection: Connection,
  port: number,
  options: { signal?: AbortSignal } = {},
): Promise<EndedTunnel> {
  const { endTunnel } = await import('./tunnel/list/end-tunnel.ts');
  return endTunnel(connection, port, options);
}
