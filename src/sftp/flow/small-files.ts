import { close, open, read, writeFile } from 'node:fs';
import { promisify } from 'node:util';
import { type WriteData, writeHeadroom } from '../../ssh2/sftp/requests.ts';
import type { Pursuit } from '../transfer/in-use.ts';
import { moveLocally, openHere, removeHere } from '../transfer/local-in-use.ts';

/** Up to this many bytes a file is held in memory as a whole: the fewest calls to the local file system. */
export const smallFile = 128 * 1024;

/**
 * The content of a local file in one read, in a frame that has a byte of room behind it; undefined when the file is no
 * longer as small as it was.
 */
export function readSmall(path: string, expected: number, frame: Buffer, done: SmallDone): void {
  open(path, 'r', (error, fd) => {
    if (error) return done(error);
    // One byte more than expected shows that the end was reached.
    read(fd, frame, writeHeadroom, expected + 1, 0, (problem, bytes) => {
      close(fd, () => {
        if (problem || bytes !== expected) done(problem);
        else done(null, { buffer: frame, start: writeHeadroom, length: bytes });
      });
    });
  });
}

type SmallDone = (error: Error | null, small?: WriteData) => void;

const write = promisify(writeFile);

/** Writes a new local file, or replaces one by way of a temporary name. Leaves nothing behind when it fails. */
export async function writeSmall(
  path: string,
  temporary: string | undefined,
  content: Buffer,
  mode: number | undefined,
  run?: Pursuit,
): Promise<void> {
  const options = mode === undefined ? {} : { mode };
  if (temporary === undefined) return openHere(path, () => write(path, content, options), { run });
  try {
    await write(temporary, content, { ...options, flag: 'wx' });
    await moveLocally(temporary, path, { run });
  } catch (error) {
    // What is there already is not ours.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await removeHere(temporary);
    throw error;
  }
}
