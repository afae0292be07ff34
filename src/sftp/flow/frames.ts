import { writeHeadroom } from '../../ssh2/sftp/requests.ts';

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

  pool(blockSize: number): FramePool {
    const found = this.#pools.get(blockSize) ?? new FramePool(blockSize);
    this.#pools.set(blockSize, found);
    return found;
  }
}

/** The data part of a frame. */
export function dataOf(frame: Buffer, length: number): Buffer {
  return frame.subarray(writeHeadroom, writeHeadroom + length);
}
