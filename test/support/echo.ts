import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A TCP server for a test, with its sockets at hand. */
export async function tcpServer(
  onSocket: (socket: Socket) => void,
  listen: { port?: number; path?: string } = {},
) {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  if (listen.path) server.listen(listen.path);
  else server.listen(listen.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  const port = listen.path ? 0 : (server.address() as AddressInfo).port;
  return { server, sockets, port, close, [Symbol.asyncDispose]: close };
}

/** Sends back what comes, and ends when the other side has ended. */
export function echoServer(listen?: { port?: number; path?: string }) {
  return tcpServer((socket) => socket.pipe(socket), listen);
}

/** Everything until the end; rejects when the stream errors or closes before its end. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Counts and hashes what arrives, without keeping it. */
export async function digestOf(stream: Duplex): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Writes `bytes` random bytes with back-pressure, ends the stream, and gives their digest. */
export async function sendRandom(stream: Duplex, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const block = randomBytes(1 << 20);
  for (let left = bytes, count = 0; left > 0; count++) {
    const size = Math.min(left, block.length);
    const chunk = Buffer.from(block.subarray(0, size));
    chunk.writeUInt32LE(count);
    hash.update(chunk);
    if (!stream.write(chunk)) await once(stream, 'drain');
    left -= size;
  }
  stream.end();
  return hash.digest('hex');
}

/** Resolves when the stream has closed, by an error or without. */
export function closeOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => (stream.closed ? resolve() : stream.once('close', () => resolve())));
}
