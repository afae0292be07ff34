import { Buffer } from 'node:buffer';

/** Pieces up to this length are joined while they wait; for longer ones a buffer of their own is little beside them. */
const smallPiece = 4_096;
const blockSize = 16 * 1024;

/**
 * What waits for a reader that is behind or has not begun. A server may send a window of 2 MiB byte by byte; as single
 * buffers, those would take a hundred times as much memory, so from the second on small ones are joined.
 */
export class HeldOutput {
  readonly #pieces: Buffer[] = [];
  #block: Buffer | undefined;
  #used = 0;
  /** How many wait. */
  bytes = 0;

  add(data: Buffer): void {
    if (this.bytes === 0 || data.length > smallPiece) {
      this.#closeBlock();
      this.#pieces.push(data);
    } else {
      if (this.#used + data.length > blockSize) this.#closeBlock();
      this.#block ??= Buffer.allocUnsafeSlow(blockSize);
      data.copy(this.#block, this.#used);
      this.#used += data.length;
    }
    this.bytes += data.length;
  }

  take(): Buffer | undefined {
    if (this.#pieces.length === 0) this.#closeBlock();
    const piece = this.#pieces.shift();
    this.bytes -= piece?.length ?? 0;
    return piece;
  }

  #closeBlock(): void {
    if (this.#block) this.#pieces.push(this.#block.subarray(0, this.#used));
    this.#block = undefined;
    this.#used = 0;
  }
}
