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
        at = this.#readLength(chunk, at);
        continue;
      }
      const end = Math.min(chunk.length, at + this.#missing);
      const piece = at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end);
      this.#missing -= end - at;
      at = end;
      if (this.#missing > 0) this.#pieces.push(piece);
      else this.#deliver(piece);
    }
  }

  /** Usually the four bytes come together. */
  #readLength(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#lengthBytes === 0 && chunk.length - at >= 4) {
      this.#length = chunk.readUInt32BE(at);
      this.#lengthBytes = 4;
      at += 4;
    } else {
      this.#length = this.#length * 256 + (chunk[at++] ?? 0);
      this.#lengthBytes++;
    }
    if (this.#lengthBytes === 4) this.#begin(chunk, at);
    return at;
  }

  #begin(chunk: Buffer, at: number): void {
    // The smallest packet consists of a type and an id (or a version).
    if (this.#length < 5 || this.#length > maxPacketLength) {
      throw new MalformedPacket(
        `a packet of ${this.#length} bytes`,
        textOf(this.#length, chunk.subarray(at, at + shown)),
      );
    }
    this.#missing = this.#length;
  }

  #deliver(last: Buffer): void {
    const length = this.#length;
    let pieces: PacketPieces = [last];
    if (this.#pieces.length > 0) {
      pieces = [...this.#pieces, last];
      this.#pieces = [];
    }
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
