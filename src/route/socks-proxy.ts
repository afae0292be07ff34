import type { Socket } from 'node:net';
import { wrongAs } from '../check/wrong.ts';
import { ConnectionRefused, type SshError } from '../errors/index.ts';
import { readBytes } from '../socks/read-bytes.ts';
import {
  addressLength,
  command,
  encodeAddress,
  loginVersion,
  method,
  reply,
  version,
} from '../socks/wire.ts';
import { hopOf, nameForOthers, openByProxy, proxyFailed } from './proxy-stream.ts';
import { type ProxyAddress, parseProxyUrl } from './proxy-url.ts';
import type { Route, RouteContext } from './route.ts';
import { StrangeAnswer } from './strange-answer.ts';

/**
 * A route through a SOCKS 5 proxy (RFC 1928): `socks5://proxy.example.com:1080`, also written `socks5h://` or
 * `socks://`. A user name and password in the URL are sent to it (RFC 1929) and never appear in a log or an error.
 * The proxy resolves host names.
 *
 * @throws {TypeError | RangeError} if `url` is not the URL of a SOCKS 5 proxy.
 * @throws {ConnectionRefused} (when connecting) if the proxy reports that the target refused.
 * @throws {ProxyFailed} (when connecting) for any other failure, with the proxy's `status`.
 */
export function socksProxy(url: string | URL): Route {
  const proxy = parseProxyUrl('argument url', url, ['socks5', 'socks5h', 'socks']);
  checkLogin(proxy);
  return {
    kind: 'socks-proxy',
    open: (context) =>
      openByProxy(proxy, context, async (socket) => {
        await agreeOnMethod(proxy, context, socket);
        await askForTarget(proxy, context, socket);
        return socket;
      }),
  };
}

/** The length of each is sent in one byte. */
function checkLogin({ login }: ProxyAddress): void {
  for (const [name, value] of Object.entries(login ?? {})) {
    const length = Buffer.byteLength(value);
    if (length >= 1 && length <= 255) continue;
    throw wrongAs('argument url', `a ${name} of ${length} bytes`, '1 to 255');
  }
}

async function agreeOnMethod(proxy: ProxyAddress, context: RouteContext, socket: Socket): Promise<void> {
  const offered = proxy.login === undefined ? [method.none] : [method.none, method.login];
  socket.write(Buffer.from([version, offered.length, ...offered]));
  const [, chosen] = await readSpoken(socket);
  if (chosen === method.none) return;
  if (chosen === method.login && proxy.login) return logIn(proxy, context, socket);
  throw proxyFailed(proxy, context, 'accepts none of the authentication methods that were offered', {
    status: chosen,
    retryable: false,
    hint:
      proxy.login === undefined && chosen !== method.gssapi
        ? 'It requires a login: give one in the URL, socks5://user:password@proxy (special characters as %xx).'
        : 'It requires a login other than a user name and password (GSSAPI is not supported).',
  });
}

/** The two bytes that begin each answer. @throws {StrangeAnswer} if they are not SOCKS 5. */
async function readSpoken(socket: Socket): Promise<Buffer> {
  const begin = await readBytes(socket, 2);
  if (begin[0] === version) return begin;
  // Whatever else has arrived helps to identify it.
  const rest: Buffer | null = socket.read();
  throw new StrangeAnswer(rest === null ? begin : Buffer.concat([begin, rest]));
}

async function logIn(proxy: ProxyAddress, context: RouteContext, socket: Socket): Promise<void> {
  const { username, password } = proxy.login!;
  const [user, secret] = [Buffer.from(username), Buffer.from(password)];
  socket.write(Buffer.from([loginVersion, user.length, ...user, secret.length, ...secret]));
  const [, status] = await readBytes(socket, 2);
  if (status === 0) return;
  throw proxyFailed(proxy, context, 'does not accept this user name and password', {
    status,
    retryable: false,
    hint: 'Special characters of the URL are written as %xx.',
  });
}

async function askForTarget(proxy: ProxyAddress, context: RouteContext, socket: Socket): Promise<void> {
  socket.write(
    Buffer.concat([
      Buffer.from([version, command.connect, 0]),
      encodeAddress(nameForOthers(context.host), context.port),
    ]),
  );
  // A proxy that refuses need not send its whole reply.
  const [, status = reply.failed] = await readSpoken(socket);
  if (status !== reply.succeeded) throw refusal(proxy, context, status);
  const header = await readBytes(socket, 3);
  const type = header.readUInt8(1);
  // The address from which the proxy connects: not needed, but it precedes what the server says.
  const length = addressLength(type, header.readUInt8(2));
  if (length === undefined) throw new Error(`its answer has an address of the unknown type ${type}`);
  await readBytes(socket, length - 1 + 2);
}

const words: Readonly<Record<number, string>> = {
  [reply.failed]: 'general failure',
  [reply.notAllowed]: 'its rules do not allow this connection',
  [reply.networkUnreachable]: 'it cannot reach that network',
  [reply.hostUnreachable]: 'it cannot reach that host, or the name has no address',
  [reply.expired]: 'the time to live expired',
  [reply.commandNotSupported]: 'it does not support CONNECT',
  [reply.addressTypeNotSupported]: 'it does not support this kind of address',
};
const lasting: readonly number[] = [
  reply.notAllowed,
  reply.commandNotSupported,
  reply.addressTypeNotSupported,
];

const hints: Readonly<Record<number, string>> = {
  [reply.notAllowed]: 'Its administrator can allow the host and port.',
  [reply.commandNotSupported]:
    'It is made for something else than connections to other hosts: is it the right proxy?',
  [reply.addressTypeNotSupported]:
    'Does it know the host by name, or by an address of the other kind (IPv4, IPv6)?',
};

function refusal(proxy: ProxyAddress, context: RouteContext, status: number): SshError {
  const { host, port } = context;
  if (status === reply.refused) {
    return new ConnectionRefused(
      `${host}:${port} refused the connection, according to the proxy ${proxy.shown}`,
      {
        phase: 'route',
        host,
        port,
        hop: hopOf(proxy, context),
        errno: 'ECONNREFUSED',
        retryable: true,
        hint: 'At a published port of the gateway: no tunnel is up, so the PC is off or its tunnel is down.',
      },
    );
  }
  return proxyFailed(proxy, context, `refused: ${words[status] ?? `reply ${status}`}`, {
    status,
    retryable: !lasting.includes(status),
    hint:
      hints[status] ??
      'It sees the network from where it is: is the target up, and does its name resolve there?',
  });
}
