import type { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/**
 * stdout and stderr of a command share one SSH window, but ssh2 opens it again whenever one of the two was read:
 * while a slow reader holds stdout back, each line on stderr lets another 2 MB of stdout into memory, without end.
 * With this, the window opens only when both have room.
 */
export function holdWindowForBoth(channel: ClientChannel): void {
  guard(channel, channel.stderr as unknown as Readable);
  guard(channel.stderr as unknown as Readable, channel);
}

function guard(stream: Readable, other: Readable): void {
  const hasRoom = () => other.readableLength < other.readableHighWaterMark || other.readableEnded;
  const { push, _read } = stream;
  // ssh2 opens the window after a `push` that returned true, else waits for the next `_read` of either stream.
  stream.push = (chunk, encoding) => push.call(stream, chunk, encoding) && hasRoom();
  stream._read = (size) => {
    if (hasRoom()) _read.call(stream, size);
  };
}
