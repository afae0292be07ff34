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
 * Seconds without a change after which a temporary file is nobody's: its transfer writes all the time, gives up when
 * nothing moves for `stallTimeout`, and takes up an old one by setting its time (`resume`).
 */
const abandonedAfter = 24 * 60 * 60;

/** Whether nobody works on a temporary file any more, at a time that the same clock tells. */
export function isAbandoned({ mtime }: Leftover, now: number): boolean {
  return now - mtime > abandonedAfter;
}

export function isUnchanged(before: Leftover, found: Leftover): boolean {
  return before.size === found.size && before.mtime === found.mtime;
}

/** What a dead upload left at `path`; undefined when there is none. `ours` was made just now, and tells the server's time. */
export async function findLeftover(
  sftp: SftpRequests,
  path: string,
  ours: SftpHandle,
): Promise<Leftover | undefined> {
  const [found, { mtime: now }] = await Promise.all([look(sftp, path), sftp.fstat(ours)]);
  return found && now !== undefined && isAbandoned(found, now) ? found : undefined;
}

/** Takes it away, now that its target is whole; what has changed meanwhile is somebody's. It is litter: no failure. */
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
