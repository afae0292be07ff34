import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { permissions } from '../names/file-mode.ts';
import { freshTempName, lastingTempName } from '../names/temp-name.ts';
import type { Pursuit } from '../transfer/in-use.ts';
import { moveLocally, openHere, removeHere } from '../transfer/local-in-use.ts';
import { isAbandoned, isUnchanged, type Leftover } from './leftover.ts';
import { IsFolder, IsSpecial } from './remote-target.ts';

export interface LocalTarget {
  /** The path written to: a temporary file in the same folder, or the target itself. */
  writePath: string;
  file: FileHandle;
  /** An abandoned file of an earlier download, to be removed when this one is in place. */
  leftover?: Leftover | undefined;
}

interface LocalTargetOptions {
  atomic: boolean;
  resume: boolean;
  mode: number | undefined;
  run?: Pursuit | undefined;
}

const { O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW = 0 } = constants;

/** Opens the file that a download writes. A temporary file is never opened through an existing link. */
export async function openLocalTarget(path: string, options: LocalTargetOptions): Promise<LocalTarget> {
  const { atomic, resume, mode = 0o666, run } = options;
  if (!atomic) {
    const flags = O_RDWR | O_CREAT | (resume ? 0 : O_TRUNC);
    return { writePath: path, file: await openHere(path, () => open(path, flags, mode), { run }) };
  }
  const lasting = join(dirname(path), lastingTempName(basename(path)));
  if (resume) return { writePath: lasting, file: await takeUp(lasting, mode, run) };
  try {
    return { writePath: lasting, file: await open(lasting, O_RDWR | O_CREAT | O_EXCL, mode) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const writePath = temporaryBeside(path);
    const file = await open(writePath, O_RDWR | O_CREAT | O_EXCL, mode);
    return { writePath, file, leftover: await findLeftover(lasting, file) };
  }
}

/** A unique name for a temporary file in the folder of `path`. */
export function temporaryBeside(path: string): string {
  // On Windows a path has other separators, and drives.
  return sep === '/' ? freshTempName(path) : join(dirname(path), freshTempName(basename(path)));
}

/** Opens a file to resume. Sets its time first: it must not look abandoned during a long comparison. */
async function takeUp(path: string, mode: number, run: Pursuit | undefined): Promise<FileHandle> {
  const file = await openHere(path, () => open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode), { run });
  if (!(await isOurs(file))) return replaced(file, path, mode);
  await touch(file).catch(() => {});
  return file;
}

/** Async, because `utimes` of a file handle throws synchronously with Yarn's Plug'n'Play. */
async function touch(file: FileHandle): Promise<void> {
  const now = new Date();
  await file.utimes(now, now);
}

/**
 * Whether a file has no other hard link, which would be written to as well, and no other owner, who could change it.
 */
async function isOurs(file: FileHandle): Promise<boolean> {
  const { nlink, uid } = await file.stat();
  return nlink === 1 && (process.getuid === undefined || uid === process.getuid());
}

/** Replaces the file by a new one; other hard links to it stay untouched. */
async function replaced(file: FileHandle, path: string, mode: number): Promise<FileHandle> {
  await file.close();
  await rm(path);
  return open(path, O_RDWR | O_CREAT | O_EXCL, mode);
}

/** Like `findLeftover` for the server: `ours` was just created and shows the time of the file system. */
async function findLeftover(path: string, ours: FileHandle): Promise<Leftover | undefined> {
  const [found, { mtimeMs }] = await Promise.all([look(path), ours.stat()]);
  return found && isAbandoned(found, mtimeMs / 1000) ? found : undefined;
}

async function look(path: string): Promise<Leftover | undefined> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() ? { path, size: found.size, mtime: found.mtimeMs / 1000 } : undefined;
}

/**
 * The path at which a download to `path` is really stored. A link that the caller named is followed, as on the server;
 * a link inside a downloaded folder is replaced, so that it cannot lead out.
 *
 * @throws {IsFolder | IsSpecial} for a folder, device, pipe or socket, before anything is downloaded.
 */
export async function settleLocalPath(path: string, named: boolean): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isFile()) return path;
  if (found.isSymbolicLink()) return named ? settleLocalPath(await endOfLink(path), false) : path;
  throw found.isDirectory() ? new IsFolder('the full path of the file') : new IsSpecial();
}

/** The end of a chain of links, or the target of a dangling link. */
async function endOfLink(path: string): Promise<string> {
  return await realpath(path).catch(async () => resolve(dirname(path), await readlink(path)));
}

/** Permissions of the file that a download replaces, without set-uid; undefined if there is none. */
export async function modeOfOld(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? permissions(found.mode) : undefined;
  } catch {
    return undefined;
  }
}

export async function publishLocally(target: LocalTarget, path: string, run?: Pursuit): Promise<void> {
  if (target.writePath !== path) await moveLocally(target.writePath, path, { run });
  const { leftover } = target;
  const found = leftover && (await look(leftover.path));
  if (found && isUnchanged(leftover, found)) await rm(found.path, { force: true }).catch(() => {});
}

export async function removeLocally(target: LocalTarget): Promise<void> {
  await target.file.close().catch(() => {});
  await removeHere(target.writePath);
}
