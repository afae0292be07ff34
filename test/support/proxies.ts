import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { readBytes } from '../../src/socks/read-bytes.ts';
import { addressLength, decodeHost } from '../../src/socks/wire.ts';
import { tcpServer } from './echo.ts';

export interface ProxyWorld extends AsyncDisposable {
  port: number;
  /** The targets that were asked for, as `host:port`. */
  asked: string[];
  /** Connections to the proxy that are open. */
  open(): number;
}

/** An HTTP proxy that knows CONNECT; `status` other than 200 refuses. `login` is what it wants, as `user:password`. */
export async function httpProxyServer({
  status = 200,
  login = undefined as string | undefined,
} = {}): Promise<ProxyWorld> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    asked.push(url);
    const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;
    const code = wanted && headers['proxy-authorization'] !== wanted ? 407 : status;
    if (code !== 200) return void client.end(`HTTP/1.1 ${code} No\x1b[31m way\r\n\r\n`);
    const { hostname, port } = new URL(`tcp://${url}`);
    const target = connect(Number(port), hostname.replace(/[[\]]/g, ''));
    // The head of the answer and the server's first words in one piece, as a fast proxy sends them.
    target.once('data', (first) => {
      client.write(Buffer.concat([Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n'), first]));
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    client.on('error', () => {}).on('close', () => target.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A SOCKS 5 proxy; `status` other than 0 refuses. Names are taken for this machine. */
export async function socksProxyServer({
  status = 0,
  login = undefined as string | undefined,
} = {}): Promise<ProxyWorld> {
  const asked: string[] = [];
  const serve = async (client: Socket) => {
    const [, methods = 0] = await readBytes(client, 2);
    const offered = await readBytes(client, methods);
    const wanted = login === undefined ? 0 : 2;
    if (!offered.includes(wanted)) return void client.end(Buffer.from([5, 0xff]));
    client.write(Buffer.from([5, wanted]));
    if (login !== undefined && !(await logsIn(client, login))) return void client.end(Buffer.from([1, 1]));
    const [, , , type = 0, next = 0] = await readBytes(client, 5);
    const rest = await readBytes(client, addressLength(type, next)! - 1 + 2);
    const host = decodeHost(type, Buffer.concat([Buffer.from([next]), rest.subarray(0, -2)]));
    asked.push(`${host}:${rest.readUInt16BE(rest.length - 2)}`);
    if (status !== 0) return void client.end(Buffer.from([5, status, 0, 1, 0, 0, 0, 0, 0, 0]));
    const target = connect(rest.readUInt16BE(rest.length - 2), '127.0.0.1');
    // Bound to a name, as the protocol allows: its length is not that of an address.
    target.once('data', (first) => {
      client.write(Buffer.concat([Buffer.from([5, 0, 0, 3, 3, ...Buffer.from('abc'), 0, 0]), first]));
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
  };
  const server = await tcpServer((client) => void serve(client).catch(() => client.destroy()));
  const { port, sockets } = server;
  return { port, asked, open: () => sockets.size, [Symbol.asyncDispose]: server.close };
}

async function logsIn(client: Socket, login: string): Promise<boolean> {
  const [, userLength = 0] = await readBytes(client, 2);
  const user = await readBytes(client, userLength);
  const [passwordLength = 0] = await readBytes(client, 1);
  const password = await readBytes(client, passwordLength);
  if (`${user}:${password}` !== login) return false;
  client.write(Buffer.from([1, 0]));
  return true;
}
