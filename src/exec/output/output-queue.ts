import type { Readable } from 'node:stream';

/** Queued bytes from which the sender is paused. */
const capacity = 256 * 1024;
/** Queued chunks from which the sender is paused: a chunk of one byte takes far more memory than its byte. */
const mostChunks = 1_024;

/**
 * Output queued for a stream. The reader's code never runs inside ssh2's packet handler, and the reader gets everything
 * that arrived before an error. The stream must have `highWaterMark: 0`, because its own buffer is discarded on an error,
 * and call `want` from `_read` and `drop` from `_destroy`.
 */
export class OutputQueue {
  readonly #stream: Readable;
  readonly #onRoom: () => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isWanted = false;
  #isScheduled = false;
  #end: { error?: unknown } | undefined;

  /** `onRoom` is called when a full queue has room again, or when the stream is destroyed. */
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

  /** Ends the stream, or destroys it with `error`, after what was delivered. The first call wins. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    this.#schedule();
  }

  /** The reader wants more. */
  want(): void {
    this.#isWanted = true;
    this.#give();
  }

  /** Discards the queue: the stream was destroyed. */
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
      // In flowing mode, a reader that keeps up need not ask for each chunk.
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
