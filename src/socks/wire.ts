import { isIPv4, isIPv6 } from 'node:net';

/** SOCKS protocol version 5, RFC 1928; the login by user name and password, RFC 1929. */
export const version = 5;
export const loginVersion = 1;

export const method = { none: 0, gssapi: 1, login: 2, refused: 0xff } as const;
export const command = { connect: 1 } as const;
const addressType = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** RFC 1928, section 6. */
export const reply = {
  succeeded: 0,
  failed: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  expired: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

/** SOCKS 4 and 4a, which have no document but their author's. */
export const olderVersion = 4;
export const olderReply = { granted: 90, rejected: 91 } as const;

/** Type, address and port, as requests and replies carry them. A name is sent as it is, for the far side to look up. */
export function encodeAddress(host: string, port: number): Buffer {
  const head = Buffer.from(addressHead(host));
  const end = Buffer.alloc(2);
  end.writeUInt16BE(port);
  return Buffer.concat([head, end]);
}

function addressHead(host: string): number[] {
  if (isIPv4(host)) return [addressType.ipv4, ...host.split('.').map(Number)];
  if (isIPv6(host)) return [addressType.ipv6, ...ipv6Bytes(host)];
  const name = Buffer.from(host);
  return [addressType.name, name.length, ...name];
}

function ipv6Bytes(host: string): number[] {
  // The URL parser knows every spelling, and gives one: groups in hexadecimal, at most one `::`.
  const [before = '', after] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(before), groups(after ?? '')];
  const zeros = new Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff]);
}

/** How many bytes an address has behind its type, its length for a name included; `next` is the byte behind the type. */
export function addressLength(type: number, next: number): number | undefined {
  if (type === addressType.ipv4) return 4;
  if (type === addressType.ipv6) return 16;
  return type === addressType.name ? 1 + next : undefined;
}

/** The host that `addressLength` bytes behind the type name. */
export function decodeHost(type: number, bytes: Buffer): string {
  if (type === addressType.ipv4) return bytes.join('.');
  if (type === addressType.name) return bytes.toString('latin1', 1);
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return groups.join(':');
}
