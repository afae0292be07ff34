import type { BlockSource } from '../flow/block-source.ts';
import type { ByteRange } from '../flow/sender.ts';

export interface UploadPlan {
  /** The path that is replaced, with links resolved if that has been done. */
  path: string;
  /** The ranges to send. */
  ranges: ByteRange[];
  /** Whether data already on the server is kept. */
  keeps: boolean;
  /** Number of bytes kept. */
  resumed: number;
}

/** The plan to send the whole file. */
export function wholeFile(path: string, { size }: BlockSource): UploadPlan {
  return { path, ranges: [{ start: 0, end: size }], keeps: false, resumed: 0 };
}
