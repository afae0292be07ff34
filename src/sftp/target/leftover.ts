import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { fileType } from '../names/file-mode.ts';

/** An existing file under the temporary name that a new transfer wanted to use. */
export interface Leftover {
  path: string;
  /** Size in bytes. */
  size: number;
  /** Time of last modification: seconds since 1970, by the clock of its file system. */
  mtime: number;
}

/**
 * Seconds without modification after which a temporary file counts as abandoned. A running transfer writes
 * continuously, fails after `stallTimeout` without progress, and sets the time of an old file when it resumes it.
 */
const abandonedAfter = 24 * 60 * 60;

/** Whether a temporary file is abandoned. `now`: seconds since 1970, by the same clock as its `mtime`. */
export function isAbandoned({ mtime }: Leftover, now: number): boolean {
  return now - mtime > abandonedAfter;
}

export function isUnchanged(before: Leftover, found: Leftover): boolean {
  return before.size === found.size && before.mtime === found.mtime;
}

/**
 * The file that an earlier upload left at `path`, if abandoned. `ours` was just created and shows the server's time.
 */
export async function findLeftover(
  sftp: SftpRequests,
  path: string,
  ours: SftpHandle,
): Promise<Leftover | undefined> {
  const [found, { mtime: now }] = await Promise.all([lookAtFile(sftp, path), sftp.fstat(ours)]);
  return found && now !== undefined && isAbandoned(found, now) ? found : undefined;
}

/** Removes the leftover now that its target is complete, unless it has changed and so is in use. Never rejects. */
export async function removeLeftover(
  sftp: SftpRequests,
  finding: Promise<Leftover | undefined>,
): Promise<void> {
  try {
    const before = await finding;
    const found = before && (await lookAtFile(sftp, before.path));
    if (found && isUnchanged(before, found)) await sftp.remove(found.path);
  } catch {
    // A later transfer will try again.
  }
}

/** What is at a path, if it is a file. */
export async function lookAtFile(sftp: SftpRequests, path: string): Promise<Leftover | undefined> {
  const { mode, size, mtime }: SftpAttributes = await sftp.lstat(path);
  if (fileType(mode) !== 'file' || size === undefined || mtime === undefined) return undefined;
  return { path, size, mtime };
}
