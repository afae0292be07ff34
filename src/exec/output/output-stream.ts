import { Readable } from 'node:stream';
import { OutputQueue } from './output-queue.ts';

/** stdout or stderr as a Node stream. An `error` event without a listener does not crash the process. */
export class OutputStream extends Readable {
  readonly #queue: OutputQueue;

  /** `onRoom` is called when a full stream has room again, or when it is destroyed. */
  constructor(onRoom: () => void) {
    super({ highWaterMark: 0 });
    this.#queue = new OutputQueue(this, onRoom);
    this.on('error', () => {});
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  deliver(chunk: Buffer): void {
    this.#queue.deliver(chunk);
  }

  /** Ends the stream, or destroys it with `error`, after what was delivered. The first call wins. */
  finish(error?: unknown): void {
    this.#queue.finish(error);
  }

  override _read(): void {
    this.#queue.want();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#queue.drop();
    done(error);
  }
}
