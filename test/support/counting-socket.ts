import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What has gone over a socket since the last `take`. */
export interface Traffic {
  /** Calls of the operating system's write. */
  writes: number;
  sent: number;
  received: number;
}

interface Writing {
  _write(chunk: Buffer, encoding: string, done: () => void): void;
  _writev(chunks: unknown, done: () => void): void;
}

/** A TCP connection that counts; for `via` or ssh2's `sock`. */
export async function countingSocket(port: number): Promise<{ socket: Socket; take(): Traffic }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let writes = 0;
  const inner = socket as unknown as Writing;
  const { _write, _writev } = inner;
  inner._write = (...args) => {
    writes++;
    _write.apply(socket, args);
  };
  inner._writev = (...args) => {
    writes++;
    _writev.apply(socket, args);
  };
  const total = (): Traffic => ({ writes, sent: socket.bytesWritten, received: socket.bytesRead });
  let last = total();
  return {
    socket,
    take() {
      const now = total();
      const since = {
        writes: now.writes - last.writes,
        sent: now.sent - last.sent,
        received: now.received - last.received,
      };
      last = now;
      return since;
    },
  };
}
