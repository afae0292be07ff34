import type { FileHandle } from 'node:fs/promises';
import type { BlockSink } from './receiver.ts';

interface PlacedWrite {
  position: number;
  pieces: Buffer[];
  length: number;
  done: (error?: Error | null) => void;
}

/** Maximum bytes of adjacent blocks that are written in one call. */
const maxBatch = 4 * 1024 * 1024;

/** Writes received blocks to a local file at their positions. Blocks that arrive during a write form the next batch. */
export function fileSink(file: FileHandle): BlockSink {
  const waiting: PlacedWrite[] = [];
  /** Blocks at the front of `waiting` that are gone; removing them one by one would move all others each time. */
  let gone = 0;
  let writing = false;

  const writeNext = () => {
    const batch = takeBatch();
    if (!batch) return;
    writing = true;
    const [first] = batch;
    const pieces = batch.flatMap((block) => block.pieces);
    writeAll(file, pieces, (first as PlacedWrite).position, (error) => {
      writing = false;
      for (const block of batch) block.done(error);
      writeNext();
    });
  };

  const takeBatch = (): PlacedWrite[] | undefined => {
    let bytes = 0;
    let end = gone;
    for (let expected = waiting[gone]?.position; end < waiting.length; end++) {
      const block = waiting[end] as PlacedWrite;
      if (block.position !== expected || (bytes > 0 && bytes + block.length > maxBatch)) break;
      bytes += block.length;
      expected += block.length;
    }
    if (end === gone) return undefined;
    const batch = waiting.slice(gone, end);
    gone = end;
    if (gone * 2 >= waiting.length) {
      waiting.splice(0, gone);
      gone = 0;
    }
    return batch;
  };

  return {
    accept(position, pieces, length, done) {
      waiting.push({ position, pieces, length, done });
      if (!writing) writeNext();
    },
  };
}

/**
 * `writev` may write less than it was given, for example on a nearly full disk. Uses the method of the FileHandle,
 * whose `close` waits for it: a write must not hit another file that reuses the descriptor.
 */
function writeAll(
  file: FileHandle,
  pieces: Buffer[],
  position: number,
  done: (error: Error | null) => void,
): void {
  file.writev(pieces, position).then(({ bytesWritten }) => {
    const rest = beyond(pieces, bytesWritten);
    if (rest.length === 0) return done(null);
    if (bytesWritten === 0) return done(new Error('the file system took no more bytes'));
    writeAll(file, rest, position + bytesWritten, done);
  }, done);
}

function beyond(pieces: Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (skip < piece.length) rest.push(skip > 0 ? piece.subarray(skip) : piece);
    skip = Math.max(0, skip - piece.length);
  }
  return rest;
}
