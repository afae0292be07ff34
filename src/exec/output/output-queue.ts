import type { Readable } from 'node:stream';

/** Bytes that wait for the reader before the sender is slowed down. */
const capacity = 256 * 1024;
/** Chunks that wait: each takes far more memory than its bytes when a server sends them one by one. */
const mostChunks = 1_024;

/**
 * Output that waits for the reader of a stream, who never runs inside ssh2's packet handler and gets everything that
 * arrived before an error. The stream has `highWaterMark: 0`, since its own buffer is dropped at an error; it calls
 * `want` from `_read` and `drop` from `_destroy`.
 */
export class OutputQueue {
  readonly #stream: Readable;
  readonly #onRoom: () => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isWanted = false;
  #isScheduled = false;
  #end: { error?: unknown } | undefined;

  /** `onRoom` is called when a full queue takes more again, or will never be full any more. */
  constructor(stream: Readable, onRoom: () => void) {
    this.#stream = stream;
    this.#onRoom = onRoom;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  get isFull(): boolean {
    return (this.#bytes >= capacity || this.#chunks.length >= mostChunks) && !this.#stream.destroyed;
  }

  deliver(chunk: Buffer): void {
    if (this.#end || this.#stream.destroyed) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#schedule();
  }

  /** After what was delivered, the stream ends, or is destroyed with `error`. The first call wins. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    this.#schedule();
  }

  /** The reader takes more. */
  want(): void {
    this.#isWanted = true;
    this.#give();
  }

  /** Nobody reads any more. */
  drop(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#onRoom();
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isWanted) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#give();
    });
  }

  #give(): void {
    const stream = this.#stream;
    while (this.#isWanted && !stream.destroyed) {
      const wasFull = this.isFull;
      const chunk = this.#chunks.shift();
      if (!chunk) {
        if (this.#end) this.#finish(this.#end.error);
        return;
      }
      this.#push(chunk, wasFull);
      // A reader that takes what comes as it comes need not ask for each chunk.
      if (stream.readableFlowing && stream.readableLength === 0) this.#isWanted = true;
    }
  }

  #push(chunk: Buffer, wasFull: boolean): void {
    this.#isWanted = false;
    this.#bytes -= chunk.length;
    if (wasFull && !this.isFull) this.#onRoom();
    this.#stream.push(chunk);
  }

  #finish(error: unknown): void {
    if (error === undefined) this.#stream.push(null);
    else this.#stream.destroy(error as Error);
  }
}
