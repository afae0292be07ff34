import { Buffer } from 'node:buffer';

/**
 * Pieces up to this length are joined while they wait; for longer ones, the cost of a buffer of their own is
 * negligible.
 */
const smallPiece = 4_096;
const blockSize = 16 * 1024;

export function isSmall(data: Buffer): boolean {
  return data.length <= smallPiece;
}

/**
 * Joins small pieces that wait for a reader. A server may send a window of 2 MiB byte by byte; kept as separate
 * buffers, those bytes would take a hundred times as much memory.
 */
export class SmallPieces {
  #block: Buffer | undefined;
  /** Bytes waiting. */
  bytes = 0;

  hasRoomFor(data: Buffer): boolean {
    return this.bytes + data.length <= blockSize;
  }

  add(data: Buffer): void {
    this.#block ??= Buffer.allocUnsafeSlow(blockSize);
    data.copy(this.#block, this.bytes);
    this.bytes += data.length;
  }

  /** Returns what has been joined and starts afresh. */
  take(): Buffer | undefined {
    const joined = this.#block?.subarray(0, this.bytes);
    this.#block = undefined;
    this.bytes = 0;
    return joined;
  }
}
