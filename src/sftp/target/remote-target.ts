import { SftpFailed } from '../../errors/index.ts';
import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes, statusCode } from '../../ssh2/sftp/wire.ts';
import { quoted } from '../../text/printable.ts';
import { fileType, isFolder, isLink, isReadOnly } from '../names/file-mode.ts';
import { lookAtPath } from '../names/look.ts';
import { isRefused } from '../names/missing.ts';
import { EndlessLinks, endOfLink } from '../names/remote-link.ts';
import { freshTempName, lastingTempName } from '../names/temp-name.ts';
import { hinted } from '../transfer/hinted.ts';
import { openInUse, type Pursuit } from '../transfer/in-use.ts';
import { findLeftover, type Leftover, removeLeftover } from './leftover.ts';
import { isMissing, putInPlace, removeFirmly } from './put-in-place.ts';

export interface TargetOptions {
  atomic: boolean;
  resume: boolean;
  /** With `resume`: nothing that is there is kept. */
  restart?: boolean;
  /** For a new file, cut by the server's umask. */
  mode: number | undefined;
  /** Nothing can be in the way: the folder was made just now. */
  intoEmptyFolder: boolean;
  /** What a wait for a file that is in use belongs to. */
  run?: Pursuit;
}

/** The remote file that an upload writes, under the name that it has meanwhile. */
export interface RemoteTarget {
  /** The final path, with a symbolic link at its end resolved. */
  path: string;
  /** What is written: a temporary file beside it, or the path itself. */
  writePath: string;
  handle: SftpHandle;
  /** Set when the close was asked for: servers reuse handles, so a second close could hit another file. */
  closed: boolean;
  /** What is written is all that there is of the file, and stays. */
  kept?: boolean;
  /** The permissions of the file that will be replaced. */
  oldMode: number | undefined;
  /** A file of an earlier upload that died, to be taken away when this one is in place. */
  leftover?: Promise<Leftover | undefined>;
}

const forWriting = openFlag.write | openFlag.create;

/** Opens what will be written, and looks at what it will replace in the same round trip. */
export async function openTarget(
  sftp: SftpRequests,
  path: string,
  options: TargetOptions,
): Promise<RemoteTarget> {
  const looking = options.intoEmptyFolder ? Promise.resolve(undefined) : lookAt(sftp, path);
  // A pipe that is opened to be written keeps the server waiting for a reader: look first.
  if (!options.atomic) refuseInPlace(sftp, await looking);
  const [opened, old] = await Promise.allSettled([openForWriting(sftp, path, options), looking]);
  if (opened.status === 'rejected') {
    // Nothing may be made beside it, perhaps; it is the folder that is wrong.
    const there = old.status === 'fulfilled' ? old.value : undefined;
    if (isFolder(there?.mode)) throw new IsFolder();
    const hasFile = there !== undefined && fileType(there.mode) === 'file';
    throw options.atomic && hasFile ? hintAtInPlace(opened.reason) : opened.reason;
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

/** Where a link leads; with a server whose real path is the link itself, this would never end. */
async function nextOf(sftp: SftpRequests, path: string): Promise<string> {
  const end = await endOfLink(sftp, path);
  if (end === path) throw new EndlessLinks();
  return end;
}

/** The path that an upload to `path` replaces: with links followed. Refuses anything that is not a file. */
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

/** Whether a file is read-only where that means that it is neither replaced nor removed. */
function isGuarded(sftp: SftpRequests, mode: number | undefined): boolean {
  return sftp.windows?.keepsMode === false && isReadOnly(mode);
}

/** A device, pipe or socket that was replaced by a file would be missed: root may even replace /dev/null. */
function refuseSpecial(found: SftpAttributes | undefined): void {
  if (fileType(found?.mode) === 'other') throw new IsSpecial();
}

/** What is at the target of a file cannot be replaced; the message says why. */
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
  constructor() {
    super(
      'a folder is there; give the full path of the file, or a slash at the end to put it into the folder',
    );
  }
}

async function openForWriting(sftp: SftpRequests, path: string, options: TargetOptions) {
  const { atomic, resume, restart, mode } = options;
  const attributes: SftpAttributes = mode === undefined ? {} : { mode };
  const maxPath = sftp.windows?.maxPath;
  const lasting = lastingTempName(path, maxPath);
  if (resume || !atomic) {
    const writePath = atomic ? lasting : path;
    const flags = resume && !restart ? forWriting : forWriting | openFlag.truncate;
    const handle = await openInUse(sftp, options.run, () => sftp.open(writePath, flags, attributes));
    return { writePath, handle };
  }
  try {
    // The name that a later call with `resume` looks for, if it is free.
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

/** Version 3 has no separate status for a name that is taken. */
function mayBeTaken(error: unknown): boolean {
  return error instanceof SftpFailed && (error.status === statusCode.failure || (error.status ?? 0) > 8);
}

async function lookAt(sftp: SftpRequests, path: string): Promise<SftpAttributes | undefined> {
  try {
    return await lookAtPath(sftp, path);
  } catch {
    // Usually nothing is there; whatever else it is, the rename will show.
    return undefined;
  }
}

/** The finished file gets its name. `refusal`: see `putInPlace`. */
export async function publish(
  sftp: SftpRequests,
  target: RemoteTarget,
  run?: Pursuit,
  refusal?: unknown,
): Promise<void> {
  try {
    await putInPlace(sftp, target.writePath, target.path, run, refusal);
  } catch (error) {
    throw (await keepWhole(sftp, target)) ? orphaned(error, target.writePath) : hintAtInPlace(error);
  }
  run?.placed?.();
  if (target.leftover) await removeLeftover(sftp, target.leftover);
}

/** When the old file is gone and the new one has not got its name, the new one stays: better so than neither. */
async function keepWhole(sftp: SftpRequests, target: RemoteTarget): Promise<boolean> {
  if (sftp.ended || target.oldMode === undefined) return false;
  target.kept = await isMissing(sftp, target.path);
  return target.kept;
}

function orphaned(error: unknown, writePath: string): unknown {
  if (!(error instanceof SftpFailed)) return error;
  return hinted(error, `The new file is complete under ${quoted(writePath)}: rename it.`);
}

/** Where the folder takes no new file, or the server no rename, writing into the file itself may still be allowed. */
function hintAtInPlace(error: unknown): unknown {
  if (!isRefused(error)) return error;
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

/** Closes a file that stays as it is, as far as the server still listens; the same file may be opened again. */
export async function leaveTarget(sftp: SftpRequests, target: OpenTarget): Promise<void> {
  if (!sftp.ended) await closeTarget(sftp, target).catch(() => {});
}

/** Takes away a temporary file, as far as the server still listens. */
export async function removeTarget(sftp: SftpRequests, target: OpenTarget): Promise<void> {
  if (sftp.ended || target.kept) return;
  // Windows does not remove a file that is open, so the close goes first; the server takes them in order.
  const closed = closeTarget(sftp, target).catch(() => {});
  const removed = removeFirmly(sftp, target.writePath);
  await Promise.all([closed, removed]);
}

type OpenTarget = Pick<RemoteTarget, 'handle' | 'writePath' | 'closed' | 'kept'>;
