import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Link } from '../ssh2/channels/link.ts';
import { onAbort } from '../time/on-abort.ts';
import { ActiveForwarding, Connections } from './active-forwarding.ts';
import type { ListenAddress } from './check.ts';
import { localForwardFailed } from './failure.ts';
import type { Forwarding, ForwardOptions } from './types.ts';

/** Forwards one visitor and adds both halves to the connections. If it throws, only this connection fails. */
type Carry = (socket: Socket, connections: Connections) => Promise<void>;

/**
 * Listens on this machine for as long as the link is up.
 * @throws {PortForwardFailed} if this machine cannot listen there.
 */
export async function listenLocally(
  link: Link,
  address: ListenAddress,
  { signal, onConnectionError }: ForwardOptions,
  carry: Carry,
): Promise<Forwarding> {
  signal?.throwIfAborted();
  if (link.lost.error) throw link.lost.error;
  const connections = new Connections(onConnectionError);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  server.on('connection', (socket) => {
    // Must come first: until the socket is forwarded, a reset must not become an uncaught error.
    socket.on('error', () => {});
    connections.add(socket);
    carry(socket, connections).catch((error) => {
      socket.destroy();
      connections.failed(error);
    });
  });
  const real = await listen(server, address, signal).catch((error: NodeJS.ErrnoException) => {
    throw signal?.aborted ? error : localForwardFailed(link.where, address, error);
  });
  // For example too many open files: the visitor is lost, the listener is not.
  server.on('error', connections.failed);
  return new ActiveForwarding(real, connections, link.lost, () => stop(server));
}

/** Where a visitor comes from, for the server's log. */
export function originOf(socket: Socket): { host: string; port: number } {
  return { host: socket.remoteAddress ?? '127.0.0.1', port: socket.remotePort ?? 0 };
}

function listen(
  server: Server,
  address: ListenAddress,
  signal: AbortSignal | undefined,
): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const unfollow = signal
      ? onAbort(signal, () => {
          server.close();
          reject(signal.reason);
        })
      : () => {};
    server.once('error', (error) => {
      unfollow();
      reject(error);
    });
    server.once('listening', () => {
      unfollow();
      server.removeAllListeners('error');
      resolve(
        address.path === undefined ? { ...address, port: (server.address() as AddressInfo).port } : address,
      );
    });
    if (address.path === undefined) server.listen({ host: address.host, port: address.port });
    else server.listen({ path: address.path });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
