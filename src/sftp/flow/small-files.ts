import { close, open, read, rename, writeFile } from 'node:fs';
import { promisify } from 'node:util';
import { type WriteData, writeHeadroom } from '../../ssh2/sftp/requests.ts';
import type { Pursuit } from '../transfer/in-use.ts';
import { moveLocally, openHere, removeHere } from '../transfer/local-in-use.ts';
import type { TransferRun } from '../transfer/run.ts';

/** Up to this many bytes a file is held in memory as a whole: the fewest calls to the local file system. */
export const smallFile = 128 * 1024;

/** How the short way of a file ends: one of them is called, once. */
export interface SmallEnd {
  done(): void;
  /** With what the caller is told. */
  failed(error: unknown): void;
  /** Nothing is there of it, and the long way knows what else to try, or what to say. */
  takesLongWay(): void;
}

/** A file of a folder, by the short way or the long one. If it fails, so does the whole transfer. */
export function byEitherWay(
  run: TransferRun,
  shortWay: (end: SmallEnd) => void,
  longWay: () => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (run.failed) return reject(run.error);
    const failed = (error: unknown) => {
      run.fail(error);
      reject(error);
    };
    shortWay({ done: resolve, failed, takesLongWay: () => void longWay().then(resolve, failed) });
  });
}

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

type Placed = (error: Error | null) => void;

/** Writes a new local file, or replaces one by way of a temporary name. Leaves nothing behind when it fails. */
export function placeSmall(
  path: string,
  temporary: string,
  content: Buffer,
  mode: number | undefined,
  run: Pursuit | undefined,
  done: Placed,
): void {
  const failed = (error: NodeJS.ErrnoException) => {
    // What is there already is not ours.
    if (error.code === 'EEXIST') done(error);
    else void removeHere(temporary).then(() => done(error));
  };
  writeFile(temporary, content, mode === undefined ? { flag: 'wx' } : { flag: 'wx', mode }, (error) => {
    if (error) return failed(error);
    // Only Windows refuses for a while.
    if (process.platform === 'win32')
      return void moveLocally(temporary, path, { run }).then(() => done(null), failed);
    rename(temporary, path, (problem) => (problem ? failed(problem) : done(null)));
  });
}

const write = promisify(writeFile);

/** The same as a promise; without a temporary name, writes into what is there. */
export function writeSmall(
  path: string,
  temporary: string | undefined,
  content: Buffer,
  mode: number | undefined,
  run?: Pursuit,
): Promise<void> {
  if (temporary === undefined) {
    const options = mode === undefined ? {} : { mode };
    return openHere(path, () => write(path, content, options), { run });
  }
  return new Promise((resolve, reject) =>
    placeSmall(path, temporary, content, mode, run, (error) => (error ? reject(error) : resolve())),
  );
}
