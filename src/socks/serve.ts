import type { Duplex } from 'node:stream';
import { readBytes } from './read-bytes.ts';
import { addressLength, command, decodeHost, encodeAddress, method, reply, version } from './wire.ts';

/** Where a visitor of a SOCKS server wants to go. */
export interface SocksTarget {
  host: string;
  port: number;
}

/**
 * The server's part of SOCKS 5 (RFC 1928), without a login, up to the request. What comes behind it stays in the stream.
 * @throws {Error} that says what the visitor did; it has been answered where the protocol has an answer.
 */
export async function readRequest(visitor: Duplex): Promise<SocksTarget> {
  const [spoken, count = 0] = await readBytes(visitor, 2);
  if (spoken !== version) throw new Error(`the program does not speak SOCKS 5: its first byte is ${spoken}`);
  const offered = count === 0 ? Buffer.alloc(0) : await readBytes(visitor, count);
  if (!offered.includes(method.none)) {
    visitor.end(Buffer.from([version, method.refused]));
    throw new Error('the program requires a login, which this server does not offer');
  }
  visitor.write(Buffer.from([version, method.none]));
  const [, wanted, , type = 0, next = 0] = await readBytes(visitor, 5);
  if (wanted !== command.connect) refuse(visitor, reply.commandNotSupported, `asked for command ${wanted}`);
  const length = addressLength(type, next);
  if (length === undefined)
    return refuse(visitor, reply.addressTypeNotSupported, `asked for address type ${type}`);
  const rest = await readBytes(visitor, length - 1 + 2);
  const host = decodeHost(type, Buffer.concat([Buffer.from([next]), rest.subarray(0, -2)]));
  const port = rest.readUInt16BE(rest.length - 2);
  // Such a name has no address anywhere; it is not shown to the server to find out.
  if (host === '' || /[^\u0021-\u007e]/.test(host))
    refuse(visitor, reply.failed, 'asked for an invalid host name');
  return { host, port };
}

function refuse(visitor: Duplex, code: number, what: string): never {
  answer(visitor, code);
  visitor.end();
  throw new Error(`the program ${what}, which is not served`);
}

/** The answer to the request. Where the connection was made from is not known here, and nobody asks. */
export function answer(visitor: Duplex, code: number): void {
  visitor.write(Buffer.concat([Buffer.from([version, code, 0]), encodeAddress('0.0.0.0', 0)]));
}
