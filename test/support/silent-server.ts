import { createServer, type Socket } from 'node:net';

/** A server that says nothing by itself, as a port that a zombie holds; its connections, and what it has been sent. */
export async function silentServer() {
  const sockets: Socket[] = [];
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.on('data', (data) => heard.push(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    sockets,
    heard: () => Buffer.concat(heard).toString('latin1'),
    say: (words: string) => sockets[0]?.write(words),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
