import type { Attributes } from './files/filesystem.ts';

/** Packet types of SFTP version 3. */
export const packet = {
  init: 1,
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extendedReply: 201,
} as const;

const flag = { size: 1, owner: 2, permissions: 4, times: 8, extended: 0x80000000 } as const;
const mostSize = 0xffff_ffff_ffff_ffffn;

/** Reads the fields of a packet; throws a RangeError if it is too short. */
export class PacketFields {
  #at = 0;
  readonly #data: Buffer;

  constructor(data: Buffer) {
    this.#data = data;
  }

  get hasMore(): boolean {
    return this.#at < this.#data.length;
  }

  byte(): number {
    return this.#data.readUInt8(this.#forward(1));
  }

  uint32(): number {
    return this.#data.readUInt32BE(this.#forward(4));
  }

  uint64(): number {
    return Number(this.#data.readBigUInt64BE(this.#forward(8)));
  }

  bytes(): Buffer {
    const length = this.uint32();
    const from = this.#forward(length);
    return this.#data.subarray(from, from + length);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  /** The next string field, without consuming it. */
  peekText(): string {
    const at = this.#at;
    const text = this.text();
    this.#at = at;
    return text;
  }

  attributes(): Attributes {
    const flags = this.uint32();
    const found: Attributes = {};
    if (flags & flag.size) found.size = this.uint64();
    if (flags & flag.owner) {
      found.uid = this.uint32();
      found.gid = this.uint32();
    }
    if (flags & flag.permissions) found.mode = this.uint32();
    if (flags & flag.times) {
      found.atime = this.uint32();
      found.mtime = this.uint32();
    }
    return found;
  }

  #forward(bytes: number): number {
    const from = this.#at;
    if (from + bytes > this.#data.length) throw new RangeError('the packet is too short');
    this.#at += bytes;
    return from;
  }
}

export function uint32(value: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32BE(value >>> 0);
  return field;
}

export function uint64(value: number): Buffer {
  const field = Buffer.alloc(8);
  const whole = value >= 2 ** 64 ? mostSize : BigInt(Math.trunc(Math.max(0, value || 0)));
  field.writeBigUInt64BE(whole);
  return field;
}

/** A string field: length and bytes. */
export function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function encodeAttributes(attributes: Attributes): Buffer {
  const { size, uid, gid, mode, atime, mtime } = attributes;
  let flags = 0;
  const fields: Buffer[] = [];
  if (size !== undefined) {
    flags |= flag.size;
    fields.push(uint64(size));
  }
  if (uid !== undefined || gid !== undefined) {
    flags |= flag.owner;
    fields.push(uint32(uid ?? 0), uint32(gid ?? 0));
  }
  if (mode !== undefined) {
    flags |= flag.permissions;
    fields.push(uint32(mode));
  }
  if (atime !== undefined || mtime !== undefined) {
    flags |= flag.times;
    fields.push(uint32(atime ?? mtime ?? 0), uint32(mtime ?? atime ?? 0));
  }
  return Buffer.concat([uint32(flags), ...fields]);
}

/** A packet with its length in front. */
export function frame(type: number, ...fields: Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, body]);
}

/** Splits a stream into packets. */
export class MockPacketReader {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  readonly #maxLength: number;
  readonly #onPacket: (body: Buffer) => void;

  constructor(maxLength: number, onPacket: (body: Buffer) => void) {
    this.#maxLength = maxLength;
    this.#onPacket = onPacket;
  }

  /** Adds received bytes; returns `false` if a packet is longer than allowed. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= 4) {
      const size = this.#peekSize();
      if (size === 0 || size > this.#maxLength) return false;
      if (this.#length < 4 + size) return true;
      this.#onPacket(this.#take(4 + size).subarray(4));
    }
    return true;
  }

  #peekSize(): number {
    const first = this.#chunks[0] as Buffer;
    if (first.length < 4) this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks));
    return (this.#chunks[0] as Buffer).readUInt32BE(0);
  }

  #take(bytes: number): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    this.#length = all.length - bytes;
    if (this.#length > 0) this.#chunks.push(all.subarray(bytes));
    return all.subarray(0, bytes);
  }
}
