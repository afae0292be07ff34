import { writeHeadroom } from '../../ssh2/sftp/requests.ts';
import { smallFile } from './small-files.ts';

/** Reusable buffers for WRITE requests, each with room for the packet's header before the data. */
export class FramePool {
  readonly blockSize: number;
  #free: Buffer[] = [];

  constructor(blockSize: number) {
    this.blockSize = blockSize;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(writeHeadroom + this.blockSize);
  }

  give(frame: Buffer): void {
    this.#free.push(frame);
  }
}

/** The frame pools of one transfer, shared by all its files. */
export class Frames {
  #pools = new Map<number, FramePool>();

  /**
   * The pool for a file of `size` bytes. A small file gets buffers of about its size, because many are in flight at
   * once; without `maxWrite`, they hold at least `size + 1` bytes.
   */
  pool(size: number, maxWrite = Number.POSITIVE_INFINITY): FramePool {
    const blockSize = Math.min(maxWrite, size > smallFile ? maxWrite : 2 ** Math.ceil(Math.log2(size + 1)));
    const found = this.#pools.get(blockSize) ?? new FramePool(blockSize);
    this.#pools.set(blockSize, found);
    return found;
  }
}

/** The data part of a frame. */
export function dataOf(frame: Buffer, length: number): Buffer {
  return frame.subarray(writeHeadroom, writeHeadroom + length);
}
