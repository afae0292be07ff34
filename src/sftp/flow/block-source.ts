import type { FileHandle } from 'node:fs/promises';
import { isNotImplemented } from './not-implemented.ts';

/** Random access to the bytes of a local file or a buffer. */
export interface BlockSource {
  /** Size in bytes at the start of the transfer. */
  readonly size: number;
  /** Fills the views from `position` on. Calls `done` with the number of bytes read, synchronously or later. */
  readInto(views: Buffer[], position: number, done: (error: Error | null, bytes?: number) => void): void;
  /** If the source changed while it was read: how; else undefined. */
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

/** With Yarn's Plug'n'Play, `readv` of a file handle throws; the views are then read one at a time. */
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

/** A source for an open file, which the caller must close. @throws Error for a pipe, a device or a folder. */
export async function fileSource(file: FileHandle): Promise<BlockSource> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) throw new Error('it is no longer a file');
  return {
    size: Number(before.size),
    readInto(views, position, done) {
      readViews(file, views, position).then((bytes) => done(null, bytes), done);
    },
    async changed() {
      const after = await file.stat({ bigint: true });
      if (after.size < before.size) return `it shrank from ${before.size} to ${after.size} bytes`;
      // A file that has only grown, such as a log, was sent up to its size at the start.
      const isRewritten = after.size === before.size && after.mtimeNs !== before.mtimeNs;
      return isRewritten ? 'it was written to' : undefined;
    },
  };
}
