import { mkdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { byEitherWay } from '../flow/small-files.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { eachOf } from '../folders/each-of.ts';
import { type RemoteEntry, type RemoteTree, readRemoteTree } from '../folders/remote-tree.ts';
import { unsafe } from '../names/listed-names.ts';
import { explain } from '../transfer/transfer-errors.ts';
import { downloadFile } from './download-file.ts';
import { downloadSmall } from './download-small.ts';
import { preserve } from './store-small.ts';

/** Downloads a folder. All listings are read first, so that unsafe names are rejected before anything is written. */
export async function downloadFolder(
  context: TransferContext,
  remotePath: string,
  localPath: string,
  attributes: SftpAttributes,
): Promise<void> {
  const { run, settings, sftp } = context;
  const tree = await readRemoteTree(context, remotePath, attributes);
  refuseCollisions(context, tree);
  run.progress.setTotal(tree.files.reduce((sum, file) => sum + (file.attributes.size ?? 0), 0));
  const isNew = new Set<string>();
  for (const folder of tree.folders) {
    if (await makeFolder(context, localOf(localPath, folder))) isNew.add(folder.path);
  }
  const handles = Math.max(1, Math.min(settings.concurrency, sftp.maxHandles - 4));
  const inside = join(localPath, '/');
  await eachOf(tree.files, handles, (file) => {
    // Concatenation is faster; on Windows `join` handles separators and drives.
    const path = sep === '/' ? inside + file.path : localOf(localPath, file);
    return downloadEntry(context, file, path, isNew);
  });
  if (settings.preserve) await preserveFolders(tree, localPath);
}

function downloadEntry(
  context: TransferContext,
  file: RemoteEntry,
  localPath: string,
  isNew: ReadonlySet<string>,
): Promise<void> {
  const { path, remotePath, attributes } = file;
  const item = { remotePath, attributes, localPath, intoEmptyFolder: isNew.has(parentOf(path)) };
  return byEitherWay(
    context.run,
    (end) => downloadSmall(context, item, end),
    () => downloadFile(context, item),
  );
}

/** Resolves with whether the folder was created. */
async function makeFolder({ run }: TransferContext, path: string): Promise<boolean> {
  run.throwIfFailed();
  try {
    return (await mkdir(path, { recursive: true })) !== undefined;
  } catch (error) {
    throw explain(run, path, error);
  }
}

/** On a case-insensitive file system, the second of two names that differ only in case would replace the first. */
function refuseCollisions({ opener }: TransferContext, tree: RemoteTree): void {
  if (process.platform !== 'win32' && process.platform !== 'darwin') return;
  const seen = new Set<string>();
  for (const { path } of [...tree.folders, ...tree.files]) {
    const key = path.normalize('NFC').toLowerCase();
    if (seen.has(key)) throw unsafe(opener.where, path, 'another name differs from it in case only');
    seen.add(key);
  }
}

async function preserveFolders(tree: RemoteTree, localPath: string): Promise<void> {
  for (const folder of [...tree.folders].reverse()) {
    await preserve(localOf(localPath, folder), folder.attributes);
  }
}

function localOf(root: string, entry: RemoteEntry): string {
  return entry.path === '' ? root : join(root, ...entry.path.split('/'));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
