import { Buffer } from 'node:buffer';

/** Pieces up to this length are joined while they wait; for longer ones a buffer of their own is little beside them. */
const smallPiece = 4_096;
const blockSize = 16 * 1024;

export function isSmall(data: Buffer): boolean {
  return data.length <= smallPiece;
}

/**
 * Joins small pieces that wait for a reader. A server may send a window of 2 MiB byte by byte; as single buffers, those
 * would take a hundred times as much memory.
 */
export class SmallPieces {
  #block: Buffer | undefined;
  /** Bytes that wait here. */
  bytes = 0;

  hasRoomFor(data: Buffer): boolean {
    return this.bytes + data.length <= blockSize;
  }

  add(data: Buffer): void {
    this.#block ??= Buffer.allocUnsafeSlow(blockSize);
    data.copy(this.#block, this.bytes);
    this.bytes += data.length;
  }

  /** What has been joined; from then on nothing waits. */
  take(): Buffer | undefined {
    const joined = this.#block?.subarray(0, this.bytes);
    this.#block = undefined;
    this.bytes = 0;
    return joined;
  }
}
