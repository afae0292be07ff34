import { type SftpHandle, type SftpRequests, writeHeadroom } from '../../ssh2/sftp/requests.ts';
import { type Latch, latch } from '../../time/latch.ts';
import { now } from '../../time/timer.ts';
import type { Flight } from './flight.ts';
import { FramePool } from './frames.ts';

/** Writes bytes that come one after the other to an open remote file, with many writes under way. */
export class RemoteWriter {
  #sftp: SftpRequests;
  #handle: SftpHandle;
  #flight: Flight;
  #pool: FramePool;
  #position: number;
  #frame: Buffer | undefined;
  #filled = 0;
  #unacknowledged = 0;
  #error: unknown;
  #waiting: Latch<void> | undefined;
  #moved: (bytes: number) => void;

  constructor(options: {
    sftp: SftpRequests;
    handle: SftpHandle;
    flight: Flight;
    position: number;
    moved?: (bytes: number) => void;
  }) {
    this.#sftp = options.sftp;
    this.#handle = options.handle;
    this.#flight = options.flight;
    this.#position = options.position;
    this.#moved = options.moved ?? (() => {});
    this.#pool = new FramePool(options.sftp.maxWrite);
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#position + this.#filled;
  }

  /** Resolves when there is room for more; rejects when a write has failed. The chunk is copied before it returns. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#error) throw this.#error;
      this.#frame ??= this.#pool.take();
      const room = this.#pool.blockSize - this.#filled;
      const part = chunk.subarray(at, at + room);
      this.#frame.set(part, writeHeadroom + this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pool.blockSize) this.flush();
      if (!this.#flight.open && this.#unacknowledged > 0) await this.#settled();
    }
    if (this.#error) throw this.#error;
  }

  /** Sends what is gathered, without waiting for the acknowledgement. */
  flush(): void {
    const frame = this.#frame;
    const length = this.#filled;
    if (!frame || length === 0) return;
    const sentAt = now();
    const position = this.#position;
    this.#frame = undefined;
    this.#filled = 0;
    this.#position += length;
    this.#unacknowledged++;
    this.#flight.take(length);
    this.#sftp.write(this.#handle, position, { buffer: frame, start: writeHeadroom, length }, (error) => {
      this.#unacknowledged--;
      if (error) this.stop(error);
      if (this.#error) return;
      this.#pool.give(frame);
      this.#flight.answered(sentAt);
      this.#flight.done(length);
      this.#moved(length);
      this.#wake();
    });
  }

  /** Sends the rest and resolves when the server has acknowledged everything. */
  async finish(): Promise<void> {
    this.flush();
    while (this.#unacknowledged > 0 && !this.#error) await this.#settled();
    if (this.#error) throw this.#error;
  }

  /** The first error ends it. */
  stop(error: unknown): void {
    this.#error ??= error;
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #settled(): Promise<void> {
    this.#waiting ??= latch<void>();
    return this.#waiting.promise;
  }
}
