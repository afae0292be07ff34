/** Thrown inside the parsers of this folder if bytes are not what they claim to be; callers never see it. */
export class MalformedWireData extends Error {
  override readonly name = 'MalformedWireData';
}

/** Longest integer that OpenSSH reads from a key: 16384 bits (sshbuf.h, SSHBUF_MAX_BIGNUM). */
const MAX_MPINT_BYTES = 2048;

/**
 * Reads the data types of RFC 4251 section 5 from the front of a buffer, as strictly as OpenSSH's sshbuf.
 * Every method throws {@link MalformedWireData} instead of reading past the end.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** True once every byte has been read. */
  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** How many bytes have been read. */
  get offset(): number {
    return this.#offset;
  }

  /** The raw bytes that have been read since an offset. */
  since(offset: number): Buffer {
    return this.#bytes.subarray(offset, this.#offset);
  }

  take(length: number): Buffer {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, this.#offset);
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#pass(4));
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64BE(0);
  }

  /** Goes past so many bytes; returns where they begin. */
  #pass(length: number): number {
    const start = this.#offset;
    if (start + length > this.#bytes.length) throw new MalformedWireData('ends too early');
    this.#offset += length;
    return start;
  }

  /** A string: its length, then its bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  /** A string of text. Like OpenSSH, allows one NUL at its end (and drops it) but none elsewhere. */
  text(): string {
    const text = this.string().toString('latin1');
    const end = text.indexOf('\0');
    if (end === -1) return text;
    if (end !== text.length - 1) throw new MalformedWireData('has a NUL inside a text');
    return text.slice(0, end);
  }

  /** A non-negative integer without its leading zero bytes, so that equal numbers yield equal bytes. */
  mpint(): Buffer {
    const bytes = this.string();
    if (bytes.length > 0 && (bytes[0]! & 0x80) !== 0) throw new MalformedWireData('has a negative number');
    let start = 0;
    while (start < bytes.length && bytes[start] === 0) start += 1;
    if (bytes.length > MAX_MPINT_BYTES + Math.min(start, 1)) {
      throw new MalformedWireData('has an overlong number');
    }
    return bytes.subarray(start);
  }
}
