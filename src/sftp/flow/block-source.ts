import type { FileHandle } from 'node:fs/promises';
import { isNotImplemented } from './not-implemented.ts';

/** Bytes at known positions: a local file or a buffer. */
export interface BlockSource {
  /** Bytes in all, at the start of the transfer. */
  readonly size: number;
  /** Fills the views from `position` on; `done` gets how many bytes there were, in this turn or a later one. */
  readInto(views: Buffer[], position: number, done: (error: Error | null, bytes?: number) => void): void;
  /** Why what was read is not one state of the source; undefined when it is. */
  changed(): Promise<string | undefined>;
}

export function bufferSource(bytes: Uint8Array): BlockSource {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    size: buffer.length,
    readInto(views, position, done) {
      let at = position;
      for (const view of views) at += buffer.copy(view, 0, at, at + view.length);
      done(null, at - position);
    },
    changed: async () => undefined,
  };
}

/** Yarn's Plug'n'Play gives file handles whose `readv` throws; one view at a time does as well. */
async function readViews(file: FileHandle, views: Buffer[], position: number): Promise<number> {
  try {
    return (await file.readv(views, position)).bytesRead;
  } catch (error) {
    if (!isNotImplemented(error)) throw error;
  }
  let total = 0;
  for (const view of views) {
    const { bytesRead } = await file.read(view, 0, view.length, position + total);
    total += bytesRead;
    if (bytesRead < view.length) break;
  }
  return total;
}

/** The caller opens and closes the file. */
export async function fileSource(file: FileHandle): Promise<BlockSource> {
  const before = await file.stat({ bigint: true });
  return {
    size: Number(before.size),
    readInto(views, position, done) {
      readViews(file, views, position).then((bytes) => done(null, bytes), done);
    },
    async changed() {
      const after = await file.stat({ bigint: true });
      if (after.size < before.size) return `it shrank from ${before.size} to ${after.size} bytes`;
      // A file that only grew was sent as it was at the start, as a log must be.
      const isRewritten = after.size === before.size && after.mtimeNs !== before.mtimeNs;
      return isRewritten ? 'it was written to' : undefined;
    },
  };
}
