import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { UsageError } from './usage-error.ts';

/**
 * Writes a text file that is whole or stays as it was, for everybody to read and nobody else to write, whatever the
 * umask. The mode of a file that exists is kept, a symbolic link is followed.
 */
export async function putWhole(path: string, text: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  // A device or a named pipe, such as /dev/stdout, must not be replaced by a file.
  if (found && !found.isFile()) return writeFile(path, text);
  if (found) await access(path, constants.W_OK);
  const file = found ? await realpath(path) : path;
  const temporary = `${file}.${randomUUID().slice(0, 8)}.new`;
  const output = await open(temporary, 'wx', 0o644);
  try {
    await fill(output, text, found?.mode);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function fill(output: FileHandle, text: string, mode: number | undefined): Promise<void> {
  try {
    await output.writeFile(text);
    if (mode !== undefined) await output.chmod(mode & 0o7777);
    // Some file systems notice only here that there is no room.
    await output.sync();
  } finally {
    await output.close();
  }
}

const wrongPath = /^(?:ENOENT|ENOTDIR|EISDIR|EEXIST|EACCES|EPERM|EINVAL|ELOOP|ENAMETOOLONG)$/;

/** Whether a path is at fault, which can be another one; otherwise the system is: no space left, a read-only disk. */
export function isWrongPath({ code = '' }: NodeJS.ErrnoException): boolean {
  return wrongPath.test(code);
}

/** The error for a file that the user named. */
export function fileFailure(error: unknown, message: string): Error {
  return isWrongPath(error as NodeJS.ErrnoException)
    ? new UsageError(message)
    : new Error(message, { cause: error });
}
