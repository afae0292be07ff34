import { SftpFailed } from '../../errors/index.ts';
import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes, statusCode } from '../../ssh2/sftp/wire.ts';
import { quoted } from '../../text/printable.ts';
import { fileType, isFolder, isLink, isReadOnly } from '../names/file-mode.ts';
import { lookAtPath } from '../names/look.ts';
import { isMissing, isRefused, saysMissing } from '../names/missing.ts';
import { EndlessLinks, endOfLink } from '../names/remote-link.ts';
import { freshTempName, lastingTempName } from '../names/temp-name.ts';
import { hinted } from '../transfer/hinted.ts';
import { openInUse, type Pursuit } from '../transfer/in-use.ts';
import { findLeftover, type Leftover, removeLeftover } from './leftover.ts';
import { putInPlace, removeFirmly } from './put-in-place.ts';

export interface TargetOptions {
  atomic: boolean;
  resume: boolean;
  /** With `resume`: discard what is already there. */
  restart?: boolean;
  /** With `resume`: all is there already. */
  complete?: boolean;
  /** Mode of a new file, to which the server's umask applies. */
  mode: number | undefined;
  /** The folder was just created, so no file can be in the way. */
  intoEmptyFolder: boolean;
  /** Ends the wait for a file that is in use. */
  run?: Pursuit;
}

/** The remote file that an upload writes. */
export interface RemoteTarget {
  /** The final path; if it is a symbolic link, the path at its end. */
  path: string;
  /** The path written to: a temporary file in the same folder, or the final path. */
  writePath: string;
  handle: SftpHandle;
  /** Whether CLOSE has been sent: servers reuse handles, so a second CLOSE could close another file. */
  closed: boolean;
  /** Whether the old file is gone, so that the written one must not be removed. */
  kept?: boolean;
  /** The name under which the old file may be, while the new one gets its name. */
  backup?: string | undefined;
  /** Whether a rename or removal of the written file was sent, after which its name may be another transfer's. */
  mayBeGone?: boolean;
  /** The permissions of the file that will be replaced. */
  oldMode: number | undefined;
  /** An abandoned file of an earlier upload, to be removed when this one is in place. */
  leftover?: Promise<Leftover | undefined>;
}

const forWriting = openFlag.write | openFlag.create;

/**
 * Opens the file to write, and in the same round trip examines what it will replace.
 * @throws {NotReplaced} if what is there cannot be replaced.
 */
export async function openTarget(
  sftp: SftpRequests,
  path: string,
  options: TargetOptions,
): Promise<RemoteTarget> {
  const looking = options.intoEmptyFolder ? Promise.resolve(undefined) : lookAt(sftp, path);
  // A server that opens a FIFO for writing blocks until it has a reader: stat first.
  if (!options.atomic) refuseInPlace(sftp, await looking);
  const [opened, old] = await Promise.allSettled([openForWriting(sftp, path, options), looking]);
  if (opened.status === 'rejected') {
    // Even if creating the temporary file was refused: a folder at the target is the error to report.
    const there = old.status === 'fulfilled' ? old.value : undefined;
    if (isFolder(there?.mode)) throw new IsFolder();
    const hasFile = there !== undefined && fileType(there.mode) === 'file';
    throw options.atomic && hasFile ? hintAtInPlace(sftp, opened.reason) : opened.reason;
  }
  const target = { path, ...opened.value, closed: false };
  if (old.status === 'rejected' || !old.value) return { ...target, oldMode: undefined };
  const { mode } = old.value;
  const guarded = isGuarded(sftp, mode);
  if (fileType(mode) === 'file' && !guarded) return { ...target, oldMode: mode };
  if (options.atomic) await removeTarget(sftp, target);
  else await closeTarget(sftp, target).catch(() => {});
  if (guarded) throw new IsGuarded();
  if (isFolder(mode)) throw new IsFolder();
  refuseSpecial(old.value);
  return openTarget(sftp, await nextOf(sftp, path), options);
}

/** The end of a link. @throws {EndlessLinks} if the server resolves it to itself. */
async function nextOf(sftp: SftpRequests, path: string): Promise<string> {
  const end = await endOfLink(sftp, path);
  if (end === path) throw new EndlessLinks();
  return end;
}

/** The path that an upload to `path` replaces, with links followed. @throws {NotReplaced} unless it is a file. */
export async function settleRemotePath(sftp: SftpRequests, path: string): Promise<string> {
  const found = await lookAt(sftp, path);
  if (isFolder(found?.mode)) throw new IsFolder();
  refuseInPlace(sftp, found);
  return isLink(found?.mode) ? settleRemotePath(sftp, await nextOf(sftp, path)) : path;
}

function refuseInPlace(sftp: SftpRequests, found: SftpAttributes | undefined): void {
  if (isGuarded(sftp, found?.mode)) throw new IsGuarded();
  refuseSpecial(found);
}

/** Whether a file is read-only on a server (Windows) on which it can then be neither replaced nor removed. */
function isGuarded(sftp: SftpRequests, mode: number | undefined): boolean {
  return sftp.windows?.keepsMode === false && isReadOnly(mode);
}

/** A device, pipe or socket must not be replaced by a file: root could even replace /dev/null. */
function refuseSpecial(found: SftpAttributes | undefined): void {
  if (fileType(found?.mode) === 'other') throw new IsSpecial();
}

/** What exists at the target cannot be replaced by a file; the message says why. */
export class NotReplaced extends Error {}

/** The target of a file is a device, a pipe or a socket. */
export class IsSpecial extends NotReplaced {
  constructor() {
    super('a device, pipe or socket is there, and only a file is replaced');
  }
}

/** The target of a file is read-only on Windows. */
class IsGuarded extends NotReplaced {
  constructor() {
    super(
      'the file there is read-only, and Windows does not replace it; sftp.chmod(path, 0o666), or attrib -r, makes it writable',
    );
  }
}

/** The target of a file is a folder. */
export class IsFolder extends NotReplaced {
  constructor(right = 'the full path of the file, or a slash at the end to put it into the folder') {
    super(`a folder is there; give ${right}`);
  }
}

async function openForWriting(sftp: SftpRequests, path: string, options: TargetOptions) {
  const { atomic, resume, restart, complete, mode } = options;
  const attributes: SftpAttributes = mode === undefined ? {} : { mode };
  const maxPath = sftp.windows?.maxPath;
  const lasting = lastingTempName(path, maxPath);
  if (resume || !atomic) {
    const writePath = atomic ? lasting : path;
    // rclone without its cache empties a file that is opened for writing and gets no write.
    const flags = complete ? openFlag.read : resume && !restart ? forWriting : forWriting | openFlag.truncate;
    const handle = await openInUse(sftp, options.run, () => sftp.open(writePath, flags, attributes));
    return { writePath, handle };
  }
  try {
    // If free, the name that a later call with `resume` looks for.
    const handle = await sftp.open(lasting, forWriting | openFlag.exclusive, attributes);
    return { writePath: lasting, handle };
  } catch (error) {
    if (!mayBeTaken(error)) throw error;
    const writePath = freshTempName(path, maxPath);
    const handle = await sftp.open(writePath, forWriting | openFlag.exclusive, attributes);
    const leftover = findLeftover(sftp, lasting, handle);
    leftover.catch(() => {});
    return { writePath, handle, leftover };
  }
}

/** SFTP version 3 has no separate status for a file that already exists. */
function mayBeTaken(error: unknown): boolean {
  return error instanceof SftpFailed && (error.status === statusCode.failure || (error.status ?? 0) > 8);
}

async function lookAt(sftp: SftpRequests, path: string): Promise<SftpAttributes | undefined> {
  try {
    return await lookAtPath(sftp, path);
  } catch {
    // Usually nothing is there; any other problem shows up at the rename.
    return undefined;
  }
}

/** Renames the complete file to its final name. `refusal`: see `putInPlace`. */
export async function publish(
  sftp: SftpRequests,
  target: RemoteTarget,
  run?: Pursuit,
  refusal?: unknown,
): Promise<void> {
  const swap = (backup: string | undefined) => {
    if ((backup === undefined) !== (target.backup === undefined)) run?.swapping?.(backup !== undefined);
    target.backup = backup;
  };
  target.mayBeGone = true;
  try {
    await putInPlace(sftp, target.writePath, target.path, run, { refusal, swap });
  } catch (error) {
    throw (await keepWhole(sftp, target)) ? orphaned(error, target.writePath) : hintAtInPlace(sftp, error);
  }
  run?.placed?.();
  if (target.leftover) await removeLeftover(sftp, target.leftover);
}

/** If the old file is gone and the new one could not be renamed, the new one is kept under its temporary name. */
async function keepWhole(sftp: SftpRequests, target: RemoteTarget): Promise<boolean> {
  if (sftp.ended || target.oldMode === undefined) return false;
  target.kept = await isMissing(sftp, target.path);
  return target.kept;
}

function orphaned(error: unknown, writePath: string): unknown {
  if (!(error instanceof SftpFailed)) return error;
  return hinted(error, `The new file is complete under ${quoted(writePath)}: rename it.`);
}

/**
 * If the server refuses new files in the folder, or renames, writing to the file in place may still be allowed. On
 * Windows a failure means that another program has the file open, which stands in the way of that too.
 */
function hintAtInPlace(sftp: SftpRequests, error: unknown): unknown {
  if (!isRefused(error) && !(saysMissing(error) && error.operation === 'rename')) return error;
  if (sftp.windows && error.status === statusCode.failure) return error;
  return hinted(
    error,
    'A file is written under a temporary name beside the target and then renamed; where only the file itself may be written, use atomic: false.',
  );
}

/** Closes the file, once. */
export async function closeTarget(sftp: SftpRequests, target: OpenTarget): Promise<void> {
  if (target.closed) return;
  target.closed = true;
  await sftp.closeHandle(target.handle);
}

/** Closes a file that is kept, unless the session has ended; the file may be opened again. Never rejects. */
export async function leaveTarget(sftp: SftpRequests, target: OpenTarget): Promise<void> {
  if (!sftp.ended) await closeTarget(sftp, target).catch(() => {});
}

/** Removes a temporary file, unless the session has ended. Never rejects. */
export async function removeTarget(sftp: SftpRequests, target: OpenTarget): Promise<void> {
  if (sftp.ended || target.kept) return;
  // Windows does not remove an open file, so CLOSE is sent first; the server handles requests in order.
  const closed = closeTarget(sftp, target).catch(() => {});
  target.mayBeGone = true;
  const removed = removeFirmly(sftp, target.writePath);
  await Promise.all([closed, removed]);
}

type OpenTarget = Pick<RemoteTarget, 'handle' | 'writePath' | 'closed' | 'kept' | 'mayBeGone'>;
