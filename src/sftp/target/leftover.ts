import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { fileType } from '../names/file-mode.ts';

/** What stood under the lasting temporary name when another transfer wanted it. */
export interface Leftover {
  path: string;
  /** Bytes. */
  size: number;
  /** Seconds since 1970, by the clock of its own file system. */
  mtime: number;
}

/**
 * Seconds without a change after which a temporary file is abandoned: its transfer writes all the time, fails if
 * nothing moves for `stallTimeout`, and resumes an old one by setting its time.
 */
const abandonedAfter = 24 * 60 * 60;

/** Whether a temporary file is abandoned, at a time by the same clock. */
export function isAbandoned({ mtime }: Leftover, now: number): boolean {
  return now - mtime > abandonedAfter;
}

export function isUnchanged(before: Leftover, found: Leftover): boolean {
  return before.size === found.size && before.mtime === found.mtime;
}

/** What a dead upload left at `path`; undefined if nothing. `ours` was made just now, and gives the server's time. */
export async function findLeftover(
  sftp: SftpRequests,
  path: string,
  ours: SftpHandle,
): Promise<Leftover | undefined> {
  const [found, { mtime: now }] = await Promise.all([look(sftp, path), sftp.fstat(ours)]);
  return found && now !== undefined && isAbandoned(found, now) ? found : undefined;
}

/** Removes it, now that its target is complete; if it has changed meanwhile, it is in use. A failure does not matter. */
export async function removeLeftover(
  sftp: SftpRequests,
  finding: Promise<Leftover | undefined>,
): Promise<void> {
  try {
    const before = await finding;
    const found = before && (await look(sftp, before.path));
    if (found && isUnchanged(before, found)) await sftp.remove(found.path);
  } catch {
    // Another call or another day.
  }
}

async function look(sftp: SftpRequests, path: string): Promise<Leftover | undefined> {
  const { mode, size, mtime }: SftpAttributes = await sftp.lstat(path);
  if (fileType(mode) !== 'file' || size === undefined || mtime === undefined) return undefined;
  return { path, size, mtime };
}
