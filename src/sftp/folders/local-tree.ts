import { type Stats, stat } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';

export interface LocalEntry {
  /** Relative to the root, with `/`; empty for the root itself. */
  path: string;
  localPath: string;
  stats: Stats;
}

/** An entry that could not be looked at: a link to nothing, say. It matters only if it is not left out. */
interface Unseen {
  path: string;
  error: Error;
}

export interface LocalTree {
  /** The root first, parents before their children. */
  folders: LocalEntry[];
  files: LocalEntry[];
}

type Filter = (path: string, type: 'file' | 'directory') => boolean;

const parallelStats = 64;

/**
 * Everything below a local folder. Symbolic links are followed, as in `cp -rL` and sftp's `put -r`; a loop is an error.
 */
export async function readLocalTree(root: string, filter: Filter): Promise<LocalTree> {
  const tree: LocalTree = { folders: [], files: [] };
  const rootEntry = { path: '', localPath: root, stats: await promisify(stat)(root) };
  await visit(rootEntry, [], tree, filter);
  return tree;
}

async function visit(
  folder: LocalEntry,
  above: readonly string[],
  tree: LocalTree,
  filter: Filter,
): Promise<void> {
  const identity = `${folder.stats.dev}:${folder.stats.ino}`;
  if (above.includes(identity)) throw new Error(`${folder.localPath} is a link to a folder above it`);
  const path = [...above, identity];
  tree.folders.push(folder);
  const names = (await readdir(folder.localPath)).sort();
  for (let at = 0; at < names.length; at += parallelStats) {
    const entries = await lookAtAll(folder, names.slice(at, at + parallelStats));
    for (const entry of entries) {
      if ('error' in entry) {
        if (filter(entry.path, 'file')) throw entry.error;
      } else if (takes(entry, tree, filter)) await visit(entry, path, tree, filter);
    }
  }
}

/**
 * Stats several entries of a folder at once. One promise for all: one for each would cost as much as the stat itself.
 */
function lookAtAll(folder: LocalEntry, names: readonly string[]): Promise<(LocalEntry | Unseen)[]> {
  const inside = folder.path === '' ? '' : `${folder.path}/`;
  const insideHere = join(folder.localPath, '/');
  return new Promise((resolve) => {
    const entries: (LocalEntry | Unseen)[] = [];
    let missing = names.length;
    names.forEach((name, index) => {
      // Concatenation is faster; on Windows `join` handles separators and drives.
      const localPath = sep === '/' ? insideHere + name : join(folder.localPath, name);
      stat(localPath, (error, stats) => {
        const path = inside + name;
        entries[index] = error ? { path, error: whyUnseen(localPath, error) } : { path, localPath, stats };
        if (--missing === 0) resolve(entries);
      });
    });
  });
}

/** Node replaces the bytes of a name that are not UTF-8; the name that results does not exist. */
function whyUnseen(localPath: string, error: Error): Error {
  if (!localPath.includes('\ufffd')) return error;
  return new Error(`the name of ${localPath} is not valid UTF-8; leave it out with the option filter`);
}

/** Adds a file to the tree. Returns whether the entry is a folder to enter. */
function takes(entry: LocalEntry, tree: LocalTree, filter: Filter): boolean {
  const { stats, path, localPath } = entry;
  if (stats.isDirectory()) return filter(path, 'directory');
  if (!filter(path, 'file')) return false;
  if (!stats.isFile())
    throw new Error(`${localPath} is neither a file nor a folder; leave it out with the option filter`);
  tree.files.push(entry);
  return false;
}
