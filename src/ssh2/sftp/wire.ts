import { listedMode } from './long-name.ts';

/** Packet types of SFTP version 3 (draft-ietf-secsh-filexfer-02), the version that every server supports. */
export const packetType = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

/** SSH_FX_* status codes. */
export const statusCode = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  unsupported: 8,
} as const;

/** SSH_FXF_* flags of an open request. */
export const openFlag = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

/** What SFTP version 3 knows about a file; each group may be missing. Times are whole seconds since 1970. */
export interface SftpAttributes {
  size?: number;
  uid?: number;
  gid?: number;
  mode?: number;
  atime?: number;
  mtime?: number;
}

export interface SftpName {
  /** As the server sent it: arbitrary bytes. */
  raw: Buffer;
  name: string;
  attributes: SftpAttributes;
}

const has = { size: 1, owner: 2, mode: 4, times: 8, extended: 0x80000000 } as const;

/** Fields of a request: a number is a uint32, a bigint a uint64, text and bytes are length-prefixed. */
export type Field = number | bigint | string | Buffer | SftpAttributes;

/**
 * A whole packet with its length in front. Only INIT has no `id`. Written once, into one buffer, with nothing allocated
 * beside it: a folder of small files consists of little else than such packets.
 */
export function encodePacket(type: number, id: number | undefined, fields: readonly Field[]): Buffer {
  let body = id === undefined ? 1 : 5;
  for (const field of fields) body += sizeOf(field);
  const packet = Buffer.allocUnsafe(4 + body);
  putUint32(packet, 0, body);
  packet[4] = type;
  let at = id === undefined ? 5 : putUint32(packet, 5, id);
  for (const field of fields) at = put(packet, at, field);
  return packet;
}

/** Node's own checks its arguments; what compiles that for a thousand files takes longer than the files. */
function putUint32(packet: Buffer, at: number, value: number): number {
  packet[at] = value >>> 24;
  packet[at + 1] = value >>> 16;
  packet[at + 2] = value >>> 8;
  packet[at + 3] = value;
  return at + 4;
}

function sizeOf(field: Field): number {
  if (typeof field === 'number') return 4;
  if (typeof field === 'bigint') return 8;
  if (typeof field === 'string') return 4 + Buffer.byteLength(field);
  return Buffer.isBuffer(field) ? 4 + field.length : sizeOfAttributes(groupsOf(field));
}

/** Writes a field at `at`, and returns the position after it. */
function put(packet: Buffer, at: number, field: Field): number {
  if (typeof field === 'number') return putUint32(packet, at, field);
  if (typeof field === 'bigint') return packet.writeBigUInt64BE(field, at);
  if (typeof field === 'object' && !Buffer.isBuffer(field)) return putAttributes(packet, at, field);
  const length = typeof field === 'string' ? packet.write(field, at + 4) : field.copy(packet, at + 4);
  return putUint32(packet, at, length) + length;
}

/** The flags of the groups that are known, of a pair both. */
function groupsOf({ size, uid, gid, mode, atime, mtime }: SftpAttributes): number {
  return (
    (size === undefined ? 0 : has.size) |
    (uid === undefined || gid === undefined ? 0 : has.owner) |
    (mode === undefined ? 0 : has.mode) |
    (atime === undefined || mtime === undefined ? 0 : has.times)
  );
}

function sizeOfAttributes(groups: number): number {
  const pairs = (groups & has.size ? 1 : 0) + (groups & has.owner ? 1 : 0) + (groups & has.times ? 1 : 0);
  return 4 + 8 * pairs + (groups & has.mode ? 4 : 0);
}

function putAttributes(packet: Buffer, start: number, attributes: SftpAttributes): number {
  const { size = 0, uid = 0, gid = 0, mode = 0, atime = 0, mtime = 0 } = attributes;
  const groups = groupsOf(attributes);
  let at = put(packet, start, groups);
  if (groups & has.size) at = put(packet, at, BigInt(size));
  if (groups & has.owner) at = put(packet, put(packet, at, uid), gid);
  if (groups & has.mode) at = put(packet, at, mode);
  return groups & has.times ? put(packet, put(packet, at, atime), mtime) : at;
}

/** The server sent bytes that are not SFTP. */
export class MalformedPacket extends Error {
  /** What a shell or script printed instead, if it looks like that. */
  readonly text: string | undefined;

  constructor(what: string, text?: string) {
    super(what);
    this.text = text;
  }
}

/** Reads the fields of a packet from the server; never reads past its end. */
export class PacketReader {
  #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** No real file is larger than 2^53 bytes; such sizes become Infinity. */
  uint64(): number {
    const high = this.uint32();
    const value = high * 2 ** 32 + this.uint32();
    return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
  }

  bytes(): Buffer {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  attributes(): SftpAttributes {
    const flags = this.uint32();
    const found: SftpAttributes = {};
    if (flags & has.size) found.size = this.uint64();
    if (flags & has.owner) {
      found.uid = this.uint32();
      found.gid = this.uint32();
    }
    if (flags & has.mode) found.mode = this.uint32();
    if (flags & has.times) {
      found.atime = this.uint32();
      found.mtime = this.uint32();
    }
    if (flags & has.extended) this.#skipExtended();
    return found;
  }

  names(): SftpName[] {
    const count = this.uint32();
    // Each name takes at least 12 bytes: an impossible count must not become an array of that length.
    if (count * 12 > this.left) throw new MalformedPacket(`a list of ${count} names in ${this.left} bytes`);
    return Array.from({ length: count }, () => {
      // A copy, so that a name kept from a listing does not keep the whole packet.
      const raw = Buffer.from(this.bytes());
      const longName = this.bytes();
      const attributes = this.attributes();
      const mode = listedMode(attributes.mode, longName);
      if (mode !== undefined) attributes.mode = mode;
      return { raw, name: raw.toString('utf8'), attributes };
    });
  }

  #skipExtended(): void {
    for (let count = this.uint32(); count > 0; count--) {
      this.bytes();
      this.bytes();
    }
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new MalformedPacket('a field that is longer than its packet');
    this.#at += length;
    return at;
  }
}
