import { createServer, type Server, type Socket } from 'node:net';

// Below the ports that systems use for outgoing connections: among those, another connection could take the port while
// it is closed, and a client that tries a closed port could even connect to itself.
const lowest = 10_240;
const highest = 32_000;
const tries = 50;

/** A listener on `port`, or (0) on a free port that stays free while the listener is temporarily closed. */
export async function listenQuietly(
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  for (let left = tries; ; left--) {
    const wanted = port || lowest + Math.floor(Math.random() * (highest - lowest));
    try {
      return { server: await listen(host, wanted, onSocket), port: wanted };
    } catch (error) {
      if (port !== 0 || left === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function listen(host: string, port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, onSocket);
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      server.on('error', () => {});
      resolve(server);
    });
  });
}
