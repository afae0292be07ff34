import { Readable } from 'node:stream';

/** Bytes that wait for the reader before the sender is slowed down. */
const capacity = 256 * 1024;
/** Chunks that wait: each takes far more memory than its bytes when a server sends them one by one. */
const mostChunks = 1_024;

/**
 * stdout or stderr as a Node stream. Its reader never runs inside ssh2's packet handler, gets everything that
 * arrived before an error, and no `error` without a listener ends the process.
 */
export class OutputStream extends Readable {
  #onRoom: () => void;
  #queue: Buffer[] = [];
  #queued = 0;
  #isWanted = false;
  #isScheduled = false;
  #end: { error?: unknown } | undefined;

  /** `onRoom` is called when a full stream takes more again, or will never be full any more. */
  constructor(onRoom: () => void) {
    // What waits is in our queue: with a buffer of its own, the stream would drop it at an error.
    super({ highWaterMark: 0 });
    this.#onRoom = onRoom;
    this.on('error', () => {});
  }

  get isFull(): boolean {
    return (this.#queued >= capacity || this.#queue.length >= mostChunks) && !this.destroyed;
  }

  deliver(chunk: Buffer): void {
    if (this.#end || this.destroyed) return;
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    this.#schedule();
  }

  /** After what was delivered, the stream ends, or is destroyed with `error`. The first call wins. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    this.#schedule();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#give();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#queue = [];
    this.#queued = 0;
    this.#onRoom();
    done(error);
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
    while (this.#isWanted && !this.destroyed) {
      const wasFull = this.isFull;
      const chunk = this.#queue.shift();
      if (!chunk) {
        if (this.#end) this.#finish(this.#end.error);
        return;
      }
      this.#push(chunk, wasFull);
      // A reader that takes what comes as it comes need not ask for each chunk.
      if (this.readableFlowing && this.readableLength === 0) this.#isWanted = true;
    }
  }

  #push(chunk: Buffer, wasFull: boolean): void {
    this.#isWanted = false;
    this.#queued -= chunk.length;
    if (wasFull && !this.isFull) this.#onRoom();
    this.push(chunk);
  }

  #finish(error: unknown): void {
    if (error === undefined) this.push(null);
    else this.destroy(error as Error);
  }
}
