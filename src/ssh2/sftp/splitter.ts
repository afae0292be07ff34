import { MalformedPacket } from './wire.ts';

/** A packet's body (without its length), in the pieces in which it came. */
export type PacketPieces = Buffer[];

/** OpenSSH's own limit for a packet is 256 KiB; some servers put the header on top of that. */
const maxPacketLength = 256 * 1024 + 1024;

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

  /** Throws `MalformedPacket` when the stream cannot be SFTP. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#lengthBytes < 4) {
        this.#length = this.#length * 256 + (chunk[at++] ?? 0);
        if (++this.#lengthBytes === 4) this.#begin();
        continue;
      }
      const end = Math.min(chunk.length, at + this.#missing);
      this.#pieces.push(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
      this.#missing -= end - at;
      at = end;
      if (this.#missing === 0) this.#deliver();
    }
  }

  #begin(): void {
    // The smallest packet is a type and an id (or a version).
    if (this.#length < 5 || this.#length > maxPacketLength) {
      throw new MalformedPacket(`a packet of ${this.#length} bytes`);
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

/** The first `length` bytes and more in one piece, and the other pieces as they came. */
export function withWholeHead(pieces: PacketPieces, length: number): PacketPieces {
  return (pieces[0]?.length ?? 0) >= length ? pieces : [Buffer.concat(pieces)];
}
