import type { Socket } from 'node:net';

/**
 * Resets a socket if possible. After `end()`, the system refuses a reset and Node.js then never closes the socket at
 * all, and Unix sockets have no reset: those are destroyed.
 */
export function resetSocket(socket: Socket): void {
  const isTcp = socket.remoteFamily !== undefined;
  if (isTcp && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
