import type { FileHandle, OpenFlags } from './filesystem.ts';
import { type MemoryNode, sizeOf, writeInto } from './memory-nodes.ts';
import type { MockFiles } from './mock-files.ts';
import { joinPath, normalPath, type PathRules, splitLast } from './paths.ts';

/** What this needs of the file system. */
interface MemoryTree {
  find(path: string, followLast: boolean): MemoryNode | undefined;
  take(path: string): void;
  makeFolders(path: string): void;
  symbolicLink(target: string, path: string): void;
  open(path: string, flags: OpenFlags, attributes: object): FileHandle;
}

/** The in-memory files as tests see them: without permissions, with plain errors. */
export function memoryFiles(filesystem: MemoryTree, rules: PathRules): MockFiles {
  const normal = (path: string) => normalPath(path, rules);
  const find = (path: string) => {
    try {
      return filesystem.find(normal(path), false);
    } catch {
      return undefined;
    }
  };
  const need = (path: string): MemoryNode => {
    const node = find(path);
    if (!node) throw new Error(`the mock server has no ${path}`);
    return node;
  };
  const read = (path: string): Buffer => {
    const node = need(path);
    if (node.type !== 'file') throw new Error(`${path} on the mock server is a ${node.type}, not a file`);
    return Buffer.from(node.data.subarray(0, node.size));
  };
  const remove = (path: string) => {
    if (find(path)) filesystem.take(normal(path));
  };
  return {
    read,
    text: (path) => read(path).toString('utf8'),
    write: (path, content, { mode = 0o644, mtime } = {}) => {
      const to = normal(path);
      filesystem.makeFolders(splitLast(to).folder);
      remove(path);
      filesystem.open(
        to,
        { read: true, write: true, append: false, create: true, truncate: true, exclusive: false },
        {},
      );
      const node = filesystem.find(to, true);
      if (node?.type !== 'file') throw new Error(`${path} cannot be written`);
      writeInto(node, 0, Buffer.from(content as string));
      node.mode = mode & 0o7777;
      if (mtime !== undefined) node.mtime = mtime;
    },
    mkdir: (path) => filesystem.makeFolders(normal(path)),
    symlink: (target, path) => {
      filesystem.makeFolders(splitLast(normal(path)).folder);
      filesystem.symbolicLink(target, normal(path));
    },
    has: (path) => find(path) !== undefined,
    remove,
    list: (path = '/') => {
      const node = find(path);
      return node ? below(normal(path), node).sort() : [];
    },
    stat: (path) => {
      const node = need(path);
      return { type: node.type, size: sizeOf(node), mode: node.mode, mtime: node.mtime };
    },
  };
}

function below(path: string, node: MemoryNode): string[] {
  if (node.type !== 'directory') return [path];
  return [...node.entries.values()].flatMap((entry) => below(joinPath(path, entry.name), entry.node));
}
