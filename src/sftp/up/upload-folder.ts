import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { toRead } from '../../files/own-file.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import { bufferSource, fileSource } from '../flow/block-source.ts';
import { dataOf } from '../flow/frames.ts';
import { byEitherWay, readSmall, smallFile } from '../flow/small-files.ts';
import type { LocalItem, TransferContext } from '../flow/transfer-context.ts';
import { eachOf } from '../folders/each-of.ts';
import { type LocalEntry, type LocalTree, readLocalTree } from '../folders/local-tree.ts';
import { ensureFolder, ensureFolders } from '../folders/remote-folders.ts';
import { unsafe } from '../names/listed-names.ts';
import { joinRemote, windowsProblem } from '../names/paths.ts';
import { openHere } from '../transfer/local-in-use.ts';
import { explain } from '../transfer/transfer-errors.ts';
import { attributesOf, preserve, uploadFile } from './upload-file.ts';
import { uploadSmall } from './upload-small.ts';

const read = promisify(readSmall);

/** Uploads a folder: creates all folders level by level, then sends the files, many at once over one session. */
export async function uploadFolder(
  context: TransferContext,
  root: string,
  remotePath: string,
): Promise<void> {
  const { run, settings, sftp } = context;
  const tree = await readLocalTree(root, settings.filter).catch((error) => {
    throw explain(run, (error as NodeJS.ErrnoException).path ?? root, error);
  });
  checkNames(context, tree, remotePath);
  run.progress.setTotal(tree.files.reduce((sum, { stats }) => sum + stats.size, 0));
  const isNew = await makeFolders(context, tree, remotePath);
  const handles = Math.max(1, Math.min(settings.concurrency, sftp.maxHandles - 4));
  await eachOf(tree.files, handles, (entry) => uploadEntry(context, entry, remotePath, isNew));
  if (settings.preserve) await preserveFolders(context, tree, remotePath);
}

function uploadEntry(
  context: TransferContext,
  entry: LocalEntry,
  root: string,
  isNew: ReadonlySet<string>,
): Promise<void> {
  const item = itemOf(entry, root, isNew);
  const { size } = entry.stats;
  return byEitherWay(
    context.run,
    (end) => uploadSmall(context, item, size, end),
    () => uploadAny(context, item, size),
  );
}

function itemOf(entry: LocalEntry, root: string, isNew: ReadonlySet<string>): LocalItem {
  return {
    name: entry.localPath,
    remotePath: remoteOf(root, entry),
    attributes: attributesOf(entry.stats),
    intoEmptyFolder: isNew.has(parentOf(entry.path)),
  };
}

async function uploadAny(context: TransferContext, item: LocalItem, size: number): Promise<void> {
  const { run } = context;
  const { name: localPath } = item;
  const unreadable = (error: unknown): never => {
    throw explain(run, localPath, error);
  };
  if (size <= smallFile) {
    const pool = context.frames.pool(size);
    const frame = pool.take();
    const small = await openHere(localPath, () => read(localPath, size, frame), { run }).catch((error) =>
      // A pipe by now: below, it is told what it is.
      error.code === 'ESPIPE' ? undefined : unreadable(error),
    );
    if (small) {
      await uploadFile(context, { ...item, source: bufferSource(dataOf(frame, small.length)) });
      return pool.give(frame);
    }
  }
  const file = await openHere(localPath, () => open(localPath, toRead), { run }).catch(unreadable);
  try {
    await uploadFile(context, { ...item, source: await fileSource(file).catch(unreadable) });
  } finally {
    await file.close();
  }
}

/** Rejects names that Windows would truncate, redirect or refuse, some of them silently. @throws {UnsafeRemotePath} */
function checkNames({ opener }: TransferContext, tree: LocalTree, remotePath: string): void {
  if (!isWindowsServer(opener.serverVersion) && !/^\/[A-Za-z]:/.test(remotePath)) return;
  const seen = new Set<string>();
  for (const { path } of [...tree.folders.slice(1), ...tree.files]) {
    const key = upperCase(path);
    const problem = seen.has(key)
      ? 'another name differs from it in case only'
      : windowsProblem(path.slice(path.lastIndexOf('/') + 1));
    seen.add(key);
    if (problem) throw unsafe(opener.where, path, `${problem}, and the server is a Windows machine`);
  }
}

/**
 * A path as NTFS compares it: each character by itself, so that ß is not SS, and none from outside of ASCII with one of
 * it, so that ı is not I.
 */
function upperCase(path: string): string {
  return path.replace(/./gsu, (character) => {
    const upper = character.toUpperCase();
    return upper.length > character.length || (character > '\x7f' && upper <= '\x7f') ? character : upper;
  });
}

/** Creates the folders. Resolves with the paths of those that did not exist before. */
async function makeFolders(context: TransferContext, tree: LocalTree, root: string): Promise<Set<string>> {
  const { sftp, run } = context;
  const isNew = new Set<string>();
  const make = async (entry: LocalEntry) => {
    const path = remoteOf(root, entry);
    const mode = entry.stats.mode & 0o777;
    run.throwIfFailed();
    try {
      const made =
        entry.path === ''
          ? await ensureFolders(sftp, path)
          : await ensureFolder(sftp, path, { mode: mode | 0o700 });
      if (made) isNew.add(entry.path);
      run.alive();
    } catch (error) {
      throw explain(run, path, error);
    }
  };
  for (const level of byDepth(tree.folders)) await eachOf(level, 64, make);
  return isNew;
}

function byDepth(folders: readonly LocalEntry[]): LocalEntry[][] {
  const levels: LocalEntry[][] = [];
  for (const folder of folders) {
    const depth = folder.path === '' ? 0 : folder.path.split('/').length;
    levels[depth] ??= [];
    levels[depth].push(folder);
  }
  return levels;
}

async function preserveFolders({ sftp, run }: TransferContext, tree: LocalTree, root: string): Promise<void> {
  // Deepest first: with its own mode set, a folder may deny access to what is in it.
  await eachOf([...tree.folders].reverse(), 64, async (entry) => {
    const path = remoteOf(root, entry);
    run.throwIfFailed();
    await preserve(sftp, attributesOf(entry.stats), path).catch((error) => {
      throw explain(run, path, error);
    });
  });
}

function remoteOf(root: string, entry: LocalEntry): string {
  return entry.path === '' ? root : joinRemote(root, entry.path);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
