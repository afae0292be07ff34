import type { SftpAttributes, SftpName } from '../../ssh2/sftp/wire.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { fileType, isFolder, isTypeTold, specialKind } from '../names/file-mode.ts';
import { joinRaw, nameProblem, unsafe } from '../names/listed-names.ts';
import { withType } from '../names/look.ts';
import { joinRemote } from '../names/paths.ts';
import { endOfLink } from '../names/remote-link.ts';
import { explain, transferFailed } from '../transfer/transfer-errors.ts';
import { type ListingBudget, listingLimits, readFolder } from './read-folder.ts';

export interface RemoteEntry {
  /** Relative to the root, with `/`; empty for the root itself. Every component is a safe name. */
  path: string;
  remotePath: string;
  attributes: SftpAttributes;
}

export interface RemoteTree {
  /** The root first, parents before their children. */
  folders: RemoteEntry[];
  files: RemoteEntry[];
}

const parallelFolders = 16;
/** Deeper than any real tree; a Linux path has at most 2,048 components. */
const mostDepth = 200;

interface Walk {
  context: TransferContext;
  tree: RemoteTree;
  budget: ListingBudget;
  /** The root's real path, requested when the first link is found. */
  realRoot: Promise<string> | undefined;
  root: string;
}

/**
 * Everything below a remote folder. All names are checked before anything is written. Links within the folder are
 * followed; a link that leads out of it, or to a folder above itself, is rejected.
 *
 * @throws {UnsafeRemotePath} for such a link, an unsafe name, or folders nested too deeply.
 */
export async function readRemoteTree(
  context: TransferContext,
  root: string,
  attributes: SftpAttributes,
): Promise<RemoteTree> {
  const tree: RemoteTree = { folders: [], files: [] };
  const walk: Walk = { context, tree, budget: { ...listingLimits }, realRoot: undefined, root };
  let level: RemoteEntry[] = [{ path: '', remotePath: root, attributes }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostDepth) throw unsafe(context.opener.where, level[0]?.path ?? '', 'the folders do not end');
    tree.folders.push(...level);
    level = await nextLevel(walk, level);
  }
  return tree;
}

async function nextLevel(walk: Walk, folders: readonly RemoteEntry[]): Promise<RemoteEntry[]> {
  const found: RemoteEntry[] = [];
  const { sftp, settings } = walk.context;
  const atOnce = Math.max(1, Math.min(parallelFolders, settings.concurrency, sftp.maxHandles - 4));
  for (let at = 0; at < folders.length; at += atOnce) {
    const some = folders.slice(at, at + atOnce);
    const listings = await Promise.all(some.map((folder) => list(walk, folder)));
    for (const listing of listings) found.push(...listing);
  }
  return found;
}

/** Adds the files of one folder to the tree and returns its subfolders. */
async function list(walk: Walk, folder: RemoteEntry): Promise<RemoteEntry[]> {
  const { context, tree, budget } = walk;
  const { sftp, run, settings } = context;
  run.throwIfFailed();
  const onNames = () => {
    run.throwIfFailed();
    run.alive();
  };
  const options = { where: context.opener.where, budget, onNames };
  const names = await readFolder(sftp, folder.remotePath, options).catch((error) => {
    throw explain(run, folder.remotePath, error);
  });
  const folders: RemoteEntry[] = [];
  for (const name of names) {
    const listed = toEntry(folder, isTypeTold(name.attributes.mode) ? name : await told(walk, folder, name));
    // The filter comes first: excluded entries may have any name.
    if (!settings.filter(listed.path, kindOf(listed))) continue;
    const problem = nameProblem(name.raw, name.name);
    if (problem) throw unsafe(context.opener.where, listed.path, problem);
    const entry = fileType(listed.attributes.mode) === 'symlink' ? await resolve(walk, listed) : listed;
    const { mode } = entry.attributes;
    if (entry !== listed && isFolder(mode) && !settings.filter(entry.path, 'directory')) continue;
    const kind = specialKind(mode);
    if (kind) {
      const reason = `it is ${kind}, not a file; leave it out with the option filter`;
      throw transferFailed(run, entry.remotePath, reason);
    }
    if (isFolder(mode)) folders.push(entry);
    else tree.files.push(entry);
  }
  return folders;
}

/** Some servers list names without types, which are then found out one by one. */
async function told({ context }: Walk, folder: RemoteEntry, name: SftpName): Promise<SftpName> {
  const path = joinRaw(folder.remotePath, name);
  return { ...name, attributes: await withType(context.sftp, path, name.attributes) };
}

/** The type of a listed entry for the filter: a link counts as a file until it is followed. */
function kindOf({ attributes }: RemoteEntry): 'file' | 'directory' {
  return isFolder(attributes.mode) ? 'directory' : 'file';
}

function toEntry(folder: RemoteEntry, { name, attributes }: SftpName): RemoteEntry {
  const path = folder.path === '' ? name : `${folder.path}/${name}`;
  return { path, remotePath: joinRemote(folder.remotePath, name), attributes };
}

/** Follows a link within the folder. */
async function resolve(walk: Walk, entry: RemoteEntry): Promise<RemoteEntry> {
  const { sftp, opener, run } = walk.context;
  walk.realRoot ??= endOfLink(sftp, walk.root);
  const [root, target, attributes] = await Promise.all([
    walk.realRoot,
    endOfLink(sftp, entry.remotePath),
    sftp.stat(entry.remotePath),
  ]).catch((error) => {
    throw explain(run, entry.remotePath, error);
  });
  const sameCase = (path: string) => (sftp.windows ? path.toLowerCase() : path);
  const inside = sameCase(target).startsWith(sameCase(root.endsWith('/') ? root : `${root}/`));
  if (!inside) throw unsafe(opener.where, entry.path, 'it is a link that leads out of the folder');
  const place = joinRemote(root, entry.path);
  if (sameCase(`${place}/`).startsWith(sameCase(`${target}/`)))
    throw unsafe(opener.where, entry.path, 'it is a link to a folder above it');
  return { ...entry, attributes };
}
