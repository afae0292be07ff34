import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type DirectTarget, openDirect } from '../ssh2/channels/forwards.ts';
import type { Link } from '../ssh2/channels/link.ts';
import { ActiveForwarding, Connections } from './active-forwarding.ts';
import { checkForward, checkListen, checkTarget, type ListenAddress } from './check.ts';
import { localForwardFailed } from './failure.ts';
import type { Forwarding, LocalForwardOptions } from './types.ts';

/** @throws {PortForwardFailed} when this machine cannot listen there. */
export async function forwardLocal(link: Link, options: LocalForwardOptions): Promise<Forwarding> {
  checkForward(options);
  const target = checkTarget('forwardLocal', options);
  const address = checkListen('forwardLocal', options, { host: '127.0.0.1', port: 0 });
  if (options.signal?.aborted) throw options.signal.reason;
  if (link.lost.error) throw link.lost.error;
  const connections = new Connections(options.onConnectionError);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  server.on('connection', (socket) => {
    // First of all: between here and its forwarding a reset must not be an uncaught error.
    socket.on('error', () => {});
    void carry(link, socket, target, connections);
  });
  const real = await listen(server, address, options.signal).catch((error: NodeJS.ErrnoException) => {
    throw options.signal?.aborted ? error : localForwardFailed(link.where, address, error);
  });
  // Too many open files, for example: such a visitor is lost, the listener is not.
  server.on('error', connections.failed);
  return new ActiveForwarding(real, connections, link.lost, () => stop(server));
}

async function carry(
  link: Link,
  socket: Socket,
  target: DirectTarget,
  connections: Connections,
): Promise<void> {
  connections.add(socket);
  const from = { host: socket.remoteAddress ?? '127.0.0.1', port: socket.remotePort ?? 0 };
  try {
    connections.join(socket, await openDirect(link, target, { from }));
  } catch (error) {
    socket.destroy();
    connections.failed(error);
  }
}

function listen(
  server: Server,
  address: ListenAddress,
  signal: AbortSignal | undefined,
): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      server.close();
      reject(signal?.reason);
    };
    const clean = () => signal?.removeEventListener('abort', onAbort);
    signal?.addEventListener('abort', onAbort, { once: true });
    server.once('error', (error) => {
      clean();
      reject(error);
    });
    server.once('listening', () => {
      clean();
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
