import { ChannelTimeout, SftpFailed } from '../../errors/index.ts';
import { posixRename, posixRenameName } from '../../ssh2/sftp/extensions.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { type SftpAttributes, statusCode } from '../../ssh2/sftp/wire.ts';
import { quoted } from '../../text/printable.ts';
import { sleep } from '../../time/timer.ts';
import { isFolder, isReadOnly } from '../names/file-mode.ts';
import { lookAtPath } from '../names/look.ts';
import { isMissing, saysMissing, saysNo } from '../names/missing.ts';
import { backupName } from '../names/temp-name.ts';
import { hinted } from '../transfer/hinted.ts';
import { changeInUse, type Pursuit } from '../transfer/in-use.ts';

/** How often to try again if another upload replaces the same file, and milliseconds between. */
const moreTries = 4;
const pause = 50;

/**
 * Renames a complete temporary file to its final name. With `posix-rename@openssh.com` the server replaces an existing
 * file atomically. Without it, and on OpenSSH for Windows before 8.6, whose `posix-rename` removes the old file and may
 * then fail:
 * 1. a plain rename, which works if the name is free (and on servers whose rename replaces);
 * 2. if the name is taken: the old file is renamed to a backup name, the new one gets the name, and the backup is
 *    removed. If the new file cannot be renamed, the old one gets its name back. Only in this case is there a moment
 *    without a file of that name; if the connection is lost then, the old file keeps its backup name.
 *
 * On Windows a file that another program has open cannot be renamed, so all this is retried for up to 5 s.
 *
 * If the session ends meanwhile, or does not answer, what `swap` was told last is the backup that may be left.
 */
export async function putInPlace(
  sftp: SftpRequests,
  temporary: string,
  target: string,
  run?: Pursuit,
  { refusal, swap }: Putting = {},
): Promise<void> {
  // Some Windows servers lose a file that is renamed to its own name.
  if (temporary === target) return;
  const names = { temporary, target, swap };
  let refused = refusal;
  const inOneStep = () => {
    const first = refused;
    refused = undefined;
    return replace(sftp, names, first);
  };
  const step = replacesInOneStep(sftp) ? inOneStep : () => replaceAmongOthers(sftp, names, run);
  const isFinal = async () => isReadOnly((await look(sftp, target))?.mode);
  await changeInUse(sftp, run, step, isFinal);
}

interface Putting {
  /** The error of a `posix-rename` that the caller has already tried. */
  refusal?: unknown;
  /** Told the backup name before the old file gets it, and undefined once there is no such file any more. */
  swap?: (backup: string | undefined) => void;
}

interface Replacing {
  temporary: string;
  target: string;
  swap: Putting['swap'];
}

/** Whether the server can atomically replace an existing file by renaming another. */
export function replacesInOneStep(sftp: SftpRequests): boolean {
  return sftp.supports(posixRenameName) && (sftp.windows?.renameReplaces ?? true);
}

async function replace(sftp: SftpRequests, names: Replacing, refusal: unknown): Promise<void> {
  const { temporary, target } = names;
  try {
    if (refusal) throw refusal;
    await posixRename(sftp, temporary, target);
  } catch (error) {
    // A server that announces the extension and yet does not have it.
    if (!sftp.ended && isUnsupported(error)) return replaceByWayOfBackup(sftp, names);
    // A server that removes the old file first, as OpenSSH for Windows did, but does not identify itself as Windows.
    if (sftp.windows || sftp.ended || !(await isMissing(sftp, target))) throw error;
    await sftp.rename(temporary, target).catch(() => {
      throw error;
    });
  }
}

function isUnsupported(error: unknown): boolean {
  return error instanceof SftpFailed && error.status === statusCode.unsupported;
}

/** Looks again if the old file vanishes between the steps, because another upload is replacing it as well. */
async function replaceAmongOthers(sftp: SftpRequests, names: Replacing, run?: Pursuit): Promise<void> {
  for (let left = moreTries; ; left--) {
    try {
      return await replaceByWayOfBackup(sftp, names);
    } catch (error) {
      if (!saysMissing(error) || sftp.ended || (await isMissing(sftp, names.temporary))) throw error;
      if (left === 0) throw amongOthers(error);
      await sleep(pause);
      run?.alive();
      run?.throwIfFailed();
    }
  }
}

function amongOthers(error: SftpFailed): SftpFailed {
  const others = 'Another upload may be replacing the same file: try again once it has ended.';
  return hinted(error, others, { retryable: true });
}

async function replaceByWayOfBackup(sftp: SftpRequests, names: Replacing): Promise<void> {
  const { temporary, target } = names;
  try {
    await moveToFree(sftp, temporary, target);
  } catch (error) {
    if (sftp.ended) throw error;
    const old = await look(sftp, target);
    const isInTheWay = old !== undefined && !isFolder(old.mode);
    if (!isInTheWay || (sftp.windows && isReadOnly(old.mode))) throw error;
    await swapFiles(sftp, names);
  }
}

async function swapFiles(sftp: SftpRequests, { temporary, target, swap }: Replacing): Promise<void> {
  const backup = backupName(target, sftp.windows?.maxPath);
  swap?.(backup);
  try {
    await moveToFree(sftp, target, backup);
  } catch (error) {
    if (!saysNo(error)) throw swap ? error : maybeAside(error, backup);
    swap?.(undefined);
    throw error;
  }
  try {
    await moveToFree(sftp, temporary, target);
  } catch (error) {
    // What the server has done, or will do, is not known: another session finds it out.
    if (sftp.ended || error instanceof ChannelTimeout) throw swap ? error : maybeAside(error, backup);
    await giveBack(sftp, backup, target);
    swap?.(undefined);
    throw error;
  }
  // The transfer has succeeded; a backup that cannot be removed is not a failure.
  await removeFirmly(sftp, backup);
  swap?.(undefined);
}

/**
 * Gives the old file its name back, or removes it if another one has that name by now.
 * @throws the refusal, with a hint where the old file is.
 */
export async function giveBack(sftp: SftpRequests, backup: string, target: string): Promise<void> {
  try {
    await changeInUse(sftp, undefined, () => moveToFree(sftp, backup, target));
  } catch (problem) {
    if (sftp.ended) throw problem;
    if ((await look(sftp, target)) === undefined) throw leftAside(problem, backup);
    await removeFirmly(sftp, backup);
  }
}

/**
 * Renames to a free name. OpenSSH for Windows implements a plain rename as a hard link followed by removing the old
 * name, which fails while a program has the file open: both names then stay, and neither can be removed. Its
 * `posix-rename` is one step if the name is free.
 */
async function moveToFree(sftp: SftpRequests, from: string, to: string): Promise<void> {
  const inOneStep = sftp.windows && sftp.supports(posixRenameName) && (await isMissing(sftp, to));
  await (inOneStep ? posixRename(sftp, from, to) : sftp.rename(from, to));
}

/** Adds a hint where to find the old file, which could not get its name back. */
function leftAside(problem: unknown, backup: string): unknown {
  if (!(problem instanceof SftpFailed)) return problem;
  const { operation, path, phase, host, port, hop, reason } = problem;
  const hint = isAside(backup);
  const details = { operation, path, phase, host, port, hop, reason, hint };
  return new SftpFailed(problem.message, { ...details, cause: problem });
}

/** Adds a hint where the old file may be, for a call that does not find it out. */
function maybeAside(error: unknown, backup: string): unknown {
  return error instanceof SftpFailed ? hinted(error, mayBeAside(backup)) : error;
}

export function mayBeAside(backup: string): string {
  return `The old file may be under ${quoted(backup)}: if there is none under its own name, rename it back.`;
}

export function isAside(backup: string): string {
  return `The old file is intact under ${quoted(backup)}: rename it back.`;
}

/** Removes a file of ours even if, on Windows, another program has it open or it is read-only. Never rejects. */
export async function removeFirmly(sftp: SftpRequests, path: string): Promise<void> {
  try {
    await sftp.remove(path);
  } catch {
    if (!sftp.windows || sftp.ended || (await isMissing(sftp, path))) return;
    await sftp.setstat(path, { mode: 0o666 }).catch(() => {});
    await changeInUse(sftp, undefined, () => sftp.remove(path)).catch(() => {});
  }
}

async function look(sftp: SftpRequests, path: string): Promise<SftpAttributes | undefined> {
  return lookAtPath(sftp, path).catch(() => undefined);
}
