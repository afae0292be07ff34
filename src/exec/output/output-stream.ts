import { Readable } from 'node:stream';
import { OutputQueue } from './output-queue.ts';

/** stdout or stderr as a Node stream. No `error` without a listener ends the process. */
export class OutputStream extends Readable {
  readonly #queue: OutputQueue;

  /** `onRoom` is called when a full stream takes more again, or will never be full any more. */
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

  /** After what was delivered, the stream ends, or is destroyed with `error`. The first call wins. */
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
