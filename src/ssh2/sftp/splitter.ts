import { MalformedPacket } from './wire.ts';

/** A packet's body (without its length), in the pieces in which it came. */
export type PacketPieces = Buffer[];

/** OpenSSH's own limit for a packet is 256 KiB; some servers add the header on top of that. */
const maxPacketLength = 256 * 1024 + 1024;

/** How many bytes of text an error quotes. */
const shown = 200;

/** Cuts the byte stream of an SFTP session into packets. File data is never copied or joined. */
export class PacketSplitter {
  #onPacket: (pieces: PacketPieces, length: number) => void;
  #length = 0;
  #lengthBytes = 0;
  #missing = 0;
  #pieces: Buffer[] = [];

  constructor(onPacket: (pieces: PacketPieces, length: number) => void) {
    this.#onPacket = onPacket;
  }

  /** Throws `MalformedPacket` if the stream cannot be SFTP. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#lengthBytes < 4) {
        this.#length = this.#length * 256 + (chunk[at++] ?? 0);
        if (++this.#lengthBytes === 4) this.#begin(chunk.subarray(at, at + shown));
        continue;
      }
      const end = Math.min(chunk.length, at + this.#missing);
      this.#pieces.push(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
      this.#missing -= end - at;
      at = end;
      if (this.#missing === 0) this.#deliver();
    }
  }

  #begin(behind: Buffer): void {
    // The smallest packet consists of a type and an id (or a version).
    if (this.#length < 5 || this.#length > maxPacketLength) {
      throw new MalformedPacket(`a packet of ${this.#length} bytes`, textOf(this.#length, behind));
    }
    this.#missing = this.#length;
  }

  #deliver(): void {
    const pieces = this.#pieces;
    const length = this.#length;
    this.#pieces = [];
    this.#length = 0;
    this.#lengthBytes = 0;
    this.#onPacket(pieces, length);
  }
}

/** The pieces, joined if the first one is shorter than `length`. */
export function withWholeHead(pieces: PacketPieces, length: number): PacketPieces {
  return (pieces[0]?.length ?? 0) >= length ? pieces : [Buffer.concat(pieces)];
}

/** The bytes of an impossible length and what follows, if they are text. */
function textOf(length: number, behind: Buffer): string | undefined {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  const [text = ''] = Buffer.concat([head, behind]).toString('utf8').split('\0');
  return /^[\t\r\n\x1b -~]{4}/.test(text) ? text.trimEnd() : undefined;
}
