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

/** What a field is finally made of: attributes consist of flags and numbers. */
type PlainField = Exclude<Field, SftpAttributes>;

/**
 * A whole packet with its length in front. Only INIT has no `id`. Written once, into one buffer: a folder of small
 * files consists of little else than such packets.
 */
export function encodePacket(type: number, id: number | undefined, fields: readonly Field[]): Buffer {
  const plain = fields.flatMap(plainFields);
  let body = id === undefined ? 1 : 5;
  for (const field of plain) body += sizeOf(field);
  const packet = Buffer.allocUnsafe(4 + body);
  packet.writeUInt32BE(body, 0);
  packet[4] = type;
  let at = id === undefined ? 5 : packet.writeUInt32BE(id, 5);
  for (const field of plain) at = put(packet, at, field);
  return packet;
}

function plainFields(field: Field): PlainField | PlainField[] {
  return typeof field === 'object' && !Buffer.isBuffer(field) ? attributeFields(field) : field;
}

function attributeFields({ size, uid, gid, mode, atime, mtime }: SftpAttributes): PlainField[] {
  let flags = 0;
  const fields: PlainField[] = [];
  const add = (flag: number, ...values: PlainField[]) => {
    flags |= flag;
    fields.push(...values);
  };
  if (size !== undefined) add(has.size, BigInt(size));
  if (uid !== undefined && gid !== undefined) add(has.owner, uid, gid);
  if (mode !== undefined) add(has.mode, mode);
  if (atime !== undefined && mtime !== undefined) add(has.times, atime, mtime);
  return [flags, ...fields];
}

function sizeOf(field: PlainField): number {
  if (typeof field === 'number') return 4;
  if (typeof field === 'bigint') return 8;
  return 4 + (typeof field === 'string' ? Buffer.byteLength(field) : field.length);
}

/** Writes a field at `at`, and returns the position after it. */
function put(packet: Buffer, at: number, field: PlainField): number {
  if (typeof field === 'number') return packet.writeUInt32BE(field >>> 0, at);
  if (typeof field === 'bigint') return packet.writeBigUInt64BE(field, at);
  const length = typeof field === 'string' ? packet.write(field, at + 4) : field.copy(packet, at + 4);
  packet.writeUInt32BE(length, at);
  return at + 4 + length;
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
