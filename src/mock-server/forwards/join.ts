import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';

/**
 * Joins a channel and a socket, each direction separately: an end on one side only ends that direction. (ssh2's server
 * channel closes both directions in `end()`, so its end is sent with `eof()`.)
 */
export function joinChannel(channel: ServerChannel, socket: Socket): void {
  const half = channel as unknown as { eof(): void };
  let openDirections = 2;
  const endDirection = () => {
    if (--openDirections === 0 && !channel.writableEnded) channel.end();
  };
  const destroySocket = () => socket.destroy();

  socket.on('data', (chunk: Buffer) => {
    if (!channel.write(chunk)) socket.pause();
  });
  channel.on('drain', () => socket.resume());
  socket.once('end', () => {
    channel.write(Buffer.alloc(0), () => {
      half.eof();
      endDirection();
    });
  });

  channel.on('data', (chunk: Buffer) => {
    if (!socket.destroyed && !socket.write(chunk)) channel.pause();
  });
  socket.on('drain', () => channel.resume());
  channel.once('end', () => {
    socket.end();
    endDirection();
  });
  channel.once('close', () => (openDirections === 0 ? socket.end() : destroySocket()));

  socket.on('error', () => {});
  socket.once('close', () => {
    channel.resume();
    if (!channel.writableEnded) channel.end();
  });
}
