import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';

/** Pieces up to this length are joined while they wait; for longer ones a buffer of their own is little beside them. */
const smallPiece = 4_096;
const blockSize = 16 * 1024;

/**
 * What waits for the reader of a stream that is behind. A server may send a window of 2 MiB byte by byte; as chunks of
 * a stream, those would take a hundred times as much memory, so small ones are joined before they are given to it.
 */
export class JoinedTail {
  readonly #stream: Readable;
  readonly #push: Readable['push'];
  readonly #onRead: () => void;
  #block: Buffer | undefined;
  #used = 0;

  /** `onRead` is called whenever something may have been read. */
  constructor(stream: Readable, onRead: () => void) {
    const { push, read } = stream;
    this.#stream = stream;
    this.#push = push;
    this.#onRead = onRead;
    stream.read = (size) => {
      // Node asks for nothing after each push, to see whether it should ask for more.
      if (size !== 0) this.#flush();
      const chunk = read.call(stream, size);
      if (chunk !== null) this.#onRead();
      return chunk;
    };
    // ssh2 ends the stream this way.
    stream.push = (chunk, encoding) => {
      this.#flush();
      return push.call(stream, chunk, encoding);
    };
  }

  /** Bytes that wait. */
  get held(): number {
    return this.#stream.readableLength + this.#used;
  }

  add(data: Buffer): void {
    if (this.#stream.readableLength === 0 || data.length > smallPiece) {
      this.#stream.push(data);
      return;
    }
    if (this.#used + data.length > blockSize) this.#flush();
    this.#block ??= Buffer.allocUnsafeSlow(blockSize);
    data.copy(this.#block, this.#used);
    this.#used += data.length;
  }

  #flush(): void {
    if (!this.#block) return;
    const joined = this.#block.subarray(0, this.#used);
    this.#block = undefined;
    this.#used = 0;
    this.#push.call(this.#stream, joined);
  }
}
