import { type SftpHandle, type SftpRequests, writeHeadroom } from '../../ssh2/sftp/requests.ts';
import { type Latch, latch } from '../../time/latch.ts';
import { now } from '../../time/timer.ts';
import type { Flight } from './flight.ts';
import { FramePool } from './frames.ts';
import { mayBeOrder } from './in-order.ts';

interface WriteRequest {
  frame: Buffer;
  position: number;
  length: number;
}

/**
 * Writes sequential bytes to an open remote file with many pipelined writes. Writes that the server refuses as if it
 * accepted them only in order are sent again once all are answered, in order and one at a time.
 */
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
  #refused: WriteRequest[] = [];
  #isAgain = false;
  #appends: boolean;
  #waiting: Latch<void> | undefined;
  #moved: (bytes: number) => void;

  constructor(options: {
    sftp: SftpRequests;
    handle: SftpHandle;
    flight: Flight;
    position: number;
    /** The server appends each write, whatever its offset, so their order matters. Default false. */
    appends?: boolean;
    moved?: (bytes: number) => void;
  }) {
    this.#sftp = options.sftp;
    this.#handle = options.handle;
    this.#flight = options.flight;
    this.#position = options.position;
    this.#appends = options.appends ?? false;
    this.#moved = options.moved ?? (() => {});
    this.#pool = new FramePool(Math.min(options.sftp.maxWrite, options.flight.requestSize));
  }

  /** The offset of the next byte. */
  get position(): number {
    return this.#position + this.#filled;
  }

  /** Resolves when more can be written; rejects if a write has failed. The chunk has then been copied. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#error) throw this.#error;
      this.#frame ??= this.#pool.take();
      const room = this.#pool.blockSize - this.#filled;
      const part = chunk.subarray(at, at + room);
      this.#frame.set(part, writeHeadroom + this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pool.blockSize) this.#flush();
      if (this.#mustWait) await this.#settled();
      if (this.#refused.length > 0) await this.#answered();
    }
    if (this.#error) throw this.#error;
  }

  get #isOneByOne(): boolean {
    const { order } = this.#sftp.writes;
    return this.#isAgain || order === 'one by one' || (this.#appends && order === 'in turn');
  }

  get #mustWait(): boolean {
    return !this.#error && this.#unacknowledged > 0 && (this.#isOneByOne || !this.#flight.open);
  }

  /** Sends the current frame, without waiting for the reply. */
  #flush(): void {
    const frame = this.#frame;
    const length = this.#filled;
    if (!frame || length === 0) return;
    const position = this.#position;
    this.#frame = undefined;
    this.#filled = 0;
    this.#position += length;
    this.#send({ frame, position, length });
  }

  #send(block: WriteRequest): void {
    const { frame, position, length } = block;
    const sentAt = now();
    const isLast = this.#isOneByOne;
    this.#unacknowledged++;
    this.#flight.take(length);
    this.#sftp.write(this.#handle, position, { buffer: frame, start: writeHeadroom, length }, (error) => {
      this.#unacknowledged--;
      if (error && !isLast && mayBeOrder(this.#sftp, error)) {
        this.#flight.giveBack(length);
        this.#refused.push(block);
        return this.#wake();
      }
      if (error) this.stop(error);
      if (this.#error) return;
      if (this.#isAgain) this.#sftp.writes.oneByOne(true);
      this.#pool.give(frame);
      this.#flight.answered(sentAt);
      this.#flight.done(length);
      this.#moved(length);
      this.#wake();
    });
  }

  /** Sends the rest; resolves when the server has acknowledged everything. */
  async finish(): Promise<void> {
    this.#flush();
    await this.#answered();
  }

  /** Resolves when no request is pending and refused writes have been sent again and accepted. */
  async #answered(): Promise<void> {
    while (this.#unacknowledged > 0 && !this.#error) await this.#settled();
    for (const block of this.#refused.splice(0).sort((a, b) => a.position - b.position)) {
      this.#isAgain = true;
      if (!this.#error) this.#send(block);
      while (this.#unacknowledged > 0 && !this.#error) await this.#settled();
    }
    if (this.#error) throw this.#error;
  }

  /** Ends the writing with `error`. The first error wins. */
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
