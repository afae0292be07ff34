import type { Duplex } from 'node:stream';
import { readBytes } from './read-bytes.ts';
import {
  addressLength,
  command,
  decodeHost,
  encodeAddress,
  method,
  olderReply,
  olderVersion,
  reply,
  version,
} from './wire.ts';

/** Where a visitor of a SOCKS server wants to go. */
interface SocksTarget {
  host: string;
  port: number;
}

/** What a visitor asked for. */
export interface SocksRequest {
  readonly target: SocksTarget;
  /** Says what became of it, in the visitor's version; `code` is one of `reply`. */
  answer(code: number): void;
}

/** Far more than a user name or a host name needs, in version 4. */
const longestText = 1_024;

/**
 * The server's part of SOCKS, without a login, up to the request: versions 5 (RFC 1928), 4 and 4a, as `ssh -D` has it. What
 * comes behind the request stays in the stream.
 * @throws {Error} that says what the visitor did; it has been answered where the protocol has an answer.
 */
export async function readRequest(visitor: Duplex): Promise<SocksRequest> {
  const [spoken, next = 0] = await readBytes(visitor, 2);
  if (spoken === version) return readVersion5(visitor, next);
  if (spoken === olderVersion) return readVersion4(visitor, next);
  throw new Error(`the program does not speak SOCKS: its first byte is ${spoken}`);
}

async function readVersion5(visitor: Duplex, count: number): Promise<SocksRequest> {
  // Where the connection was made from is not known here, and nobody asks.
  const answer = (code: number) => {
    visitor.write(Buffer.concat([Buffer.from([version, code, 0]), encodeAddress('0.0.0.0', 0)]));
  };
  const offered = count === 0 ? Buffer.alloc(0) : await readBytes(visitor, count);
  if (!offered.includes(method.none)) {
    visitor.end(Buffer.from([version, method.refused]));
    throw new Error('the program requires a login, which this server does not offer');
  }
  visitor.write(Buffer.from([version, method.none]));
  const [, wanted, , type = 0, next = 0] = await readBytes(visitor, 5);
  if (wanted !== command.connect) refuse(visitor, answer, reply.commandNotSupported, `command ${wanted}`);
  const length = addressLength(type, next);
  if (length === undefined)
    return refuse(visitor, answer, reply.addressTypeNotSupported, `address type ${type}`);
  const rest = await readBytes(visitor, length - 1 + 2);
  const host = decodeHost(type, Buffer.concat([Buffer.from([next]), rest.subarray(0, -2)]));
  const port = rest.readUInt16BE(rest.length - 2);
  return checked(visitor, { target: { host, port }, answer });
}

/** The user's name is not looked at. An address of 0.0.0.x announces a name: that is what makes it 4a. */
async function readVersion4(visitor: Duplex, wanted: number): Promise<SocksRequest> {
  const answer = (code: number) => {
    const said = code === reply.succeeded ? olderReply.granted : olderReply.rejected;
    visitor.write(Buffer.from([0, said, 0, 0, 0, 0, 0, 0]));
  };
  const head = await readBytes(visitor, 6);
  const [port, address] = [head.readUInt16BE(0), head.subarray(2)];
  const user = await readText(visitor);
  const isNamed = address.readUInt32BE(0) > 0 && address.readUInt32BE(0) < 256;
  const host = user !== undefined && isNamed ? await readText(visitor) : address.join('.');
  if (wanted !== command.connect) refuse(visitor, answer, reply.commandNotSupported, `command ${wanted}`);
  if (user === undefined || host === undefined)
    return refuse(visitor, answer, reply.failed, `a name of more than ${longestText} bytes`);
  return checked(visitor, { target: { host, port }, answer });
}

/** Up to a NUL; undefined for what is too long. */
async function readText(visitor: Duplex): Promise<string | undefined> {
  const bytes: number[] = [];
  while (bytes.length <= longestText) {
    const [byte = 0] = await readBytes(visitor, 1);
    if (byte === 0) return Buffer.from(bytes).toString('latin1');
    bytes.push(byte);
  }
  return undefined;
}

/** Such a name has no address anywhere; it is not shown to the server to find out. */
function checked(visitor: Duplex, request: SocksRequest): SocksRequest {
  const { host } = request.target;
  if (host === '' || /[^\u0021-\u007e]/.test(host))
    refuse(visitor, request.answer, reply.failed, 'an invalid host name');
  return request;
}

function refuse(visitor: Duplex, answer: SocksRequest['answer'], code: number, what: string): never {
  answer(code);
  visitor.end();
  throw new Error(`the program asked for ${what}, which is not served`);
}
