import { writeHeadroom } from '../../ssh2/sftp/requests.ts';
import { smallFile } from './small-files.ts';

/** Buffers for write requests, each with room for the packet's header in front of its data. Used again and again. */
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

/** The pools of one transfer: a thousand small files take turns with a few buffers. */
export class Frames {
  #pools = new Map<number, FramePool>();

  /**
   * For a file of `size` bytes: a small one gets buffers of about its size, as many of them are under way at once; with
   * no `maxWrite`, of its size and a byte at least.
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
