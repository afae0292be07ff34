import { close, open, read, rename, writeFile } from 'node:fs';
import { promisify } from 'node:util';
import { toRead } from '../../files/own-file.ts';
import { type WriteData, writeHeadroom } from '../../ssh2/sftp/requests.ts';
import type { Pursuit } from '../transfer/in-use.ts';
import { moveLocally, openHere, removeHere } from '../transfer/local-in-use.ts';
import type { TransferRun } from '../transfer/run.ts';

/** Maximum size in bytes of a file that is held in memory, which takes the fewest file system calls. */
export const smallFile = 128 * 1024;

/** How the fast path of a small file ends: exactly one of these is called, once. */
export interface SmallEnd {
  done(): void;
  /** `error` is reported to the caller. */
  failed(error: unknown): void;
  /** Nothing was written; the regular path retries or reports the error. */
  takesLongWay(): void;
}

/** Transfers a file of a folder by the fast path or the regular one. If it fails, so does the whole transfer. */
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
 * Reads a local file with one call into a frame that has room for one byte more. `done` gets undefined if the file's
 * size is no longer `expected`.
 */
export function readSmall(path: string, expected: number, frame: Buffer, done: SmallDone): void {
  open(path, toRead, (error, fd) => {
    if (error) return done(error);
    // Asking for one byte more shows whether the end was reached.
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

/** Creates or replaces a local file by renaming a temporary one. Leaves nothing behind if it fails. */
export function placeSmall(
  path: string,
  temporary: string,
  content: Buffer,
  mode: number | undefined,
  run: Pursuit | undefined,
  done: Placed,
): void {
  const failed = (error: NodeJS.ErrnoException) => {
    // An existing file under the temporary name is not ours.
    if (error.code === 'EEXIST') done(error);
    else void removeHere(temporary).then(() => done(error));
  };
  writeFile(temporary, content, mode === undefined ? { flag: 'wx' } : { flag: 'wx', mode }, (error) => {
    if (error) return failed(error);
    // Only on Windows may the rename be refused temporarily.
    if (process.platform === 'win32')
      return void moveLocally(temporary, path, { run }).then(() => done(null), failed);
    rename(temporary, path, (problem) => (problem ? failed(problem) : done(null)));
  });
}

const write = promisify(writeFile);

/** Like `placeSmall`, as a promise. Without a temporary name, writes to the file in place. */
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
