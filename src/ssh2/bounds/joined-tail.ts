import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { isSmall, SmallPieces } from './small-pieces.ts';

/** Output that waits for a slow reader of a stream: small pieces are joined before they are pushed. */
export class JoinedTail {
  readonly #stream: Readable;
  readonly #push: Readable['push'];
  readonly #onRead: () => void;
  readonly #small = new SmallPieces();

  /** `onRead` is called whenever data may have been read. */
  constructor(stream: Readable, onRead: () => void) {
    const { push, read } = stream;
    this.#stream = stream;
    this.#push = push;
    this.#onRead = onRead;
    stream.read = (size) => {
      // After each push, Node calls read(0) only to see whether it should ask for more.
      if (size !== 0) this.#flush();
      const chunk = read.call(stream, size);
      if (chunk !== null) this.#onRead();
      return chunk;
    };
    // ssh2 ends the stream with `push(null)`.
    stream.push = (chunk, encoding) => {
      this.#flush();
      return push.call(stream, chunk, encoding);
    };
  }

  /** Bytes waiting. */
  get held(): number {
    return this.#stream.readableLength + this.#small.bytes;
  }

  add(data: Buffer): void {
    if (this.#stream.readableLength === 0 || !isSmall(data)) {
      this.#stream.push(data);
      return;
    }
    if (!this.#small.hasRoomFor(data)) this.#flush();
    this.#small.add(data);
  }

  #flush(): void {
    const joined = this.#small.take();
    if (joined) this.#push.call(this.#stream, joined);
  }
}
