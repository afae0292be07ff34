import type { Socket } from 'node:net';

/**
 * Ends a socket by a reset where that can be done. After `end()` the system refuses it, and Node then never closes the
 * socket at all; Unix sockets know no reset: those are closed.
 */
export function resetSocket(socket: Socket): void {
  const isTcp = socket.remoteFamily !== undefined;
  if (isTcp && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
