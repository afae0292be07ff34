import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface LocalEntry {
  /** Relative to the root, with `/`; empty for the root itself. */
  path: string;
  localPath: string;
  stats: Stats;
}

export interface LocalTree {
  /** Parents before their children; the root first. */
  folders: LocalEntry[];
  files: LocalEntry[];
}

type Filter = (path: string, type: 'file' | 'directory') => boolean;

const parallelStats = 64;

/** Everything below a local folder. Links are followed, as `cp -rL` and OpenSSH's `put -r` do; a loop is an error. */
export async function readLocalTree(root: string, filter: Filter): Promise<LocalTree> {
  const tree: LocalTree = { folders: [], files: [] };
  const rootEntry = { path: '', localPath: root, stats: await stat(root) };
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
  tree.folders.push(folder);
  const names = (await readdir(folder.localPath)).sort();
  for (let at = 0; at < names.length; at += parallelStats) {
    const entries = await Promise.all(names.slice(at, at + parallelStats).map((name) => look(folder, name)));
    for (const entry of entries) await take(entry, [...above, identity], tree, filter);
  }
}

async function look(folder: LocalEntry, name: string): Promise<LocalEntry> {
  const localPath = join(folder.localPath, name);
  return {
    path: folder.path === '' ? name : `${folder.path}/${name}`,
    localPath,
    stats: await stat(localPath),
  };
}

async function take(
  entry: LocalEntry,
  above: readonly string[],
  tree: LocalTree,
  filter: Filter,
): Promise<void> {
  const { stats, path, localPath } = entry;
  if (stats.isDirectory()) {
    if (filter(path, 'directory')) await visit(entry, above, tree, filter);
  } else if (!filter(path, 'file')) {
    return;
  } else if (stats.isFile()) {
    tree.files.push(entry);
  } else {
    throw new Error(`${localPath} is neither a file nor a folder; leave it out with the option filter`);
  }
}
