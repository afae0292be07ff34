import { Buffer } from 'node:buffer';

/** Where the identification line is: from its `SSH-` to its line end. */
interface IdentificationPlace {
  start: number;
  end: number;
}

const nothing: Buffer = Buffer.alloc(0);

/** What a server sends up to the end of its identification line, assembled from the pieces in which it arrives. */
export class OpeningWords {
  /** With spare capacity, unless everything arrived in one piece. */
  #bytes = nothing;
  #length = 0;
  /** Where the first unfinished line begins, so that no byte is examined twice. */
  #lineStart = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds a piece; returns where the identification line is, if that completes it. */
  add(piece: Buffer): IdentificationPlace | undefined {
    const before = this.#length;
    this.#append(piece);
    const { bytes } = this;
    for (let end = bytes.indexOf(0x0a, before); end !== -1; end = bytes.indexOf(0x0a, end + 1)) {
      const start = this.#lineStart;
      if (bytes.toString('latin1', start, start + 4) === 'SSH-') {
        return { start, end: bytes[end - 1] === 0x0d ? end - 1 : end };
      }
      this.#lineStart = end + 1;
    }
    return undefined;
  }

  #append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) this.#bytes = piece;
    else {
      if (length > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(2 * length);
        this.bytes.copy(larger);
        this.#bytes = larger;
      }
      piece.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }
}
