import {
  type Attributes,
  type DirectoryEntry,
  type FileHandle,
  type Filesystem,
  type OpenFlags,
  SftpStatus,
  status,
} from './filesystem.ts';
import { memoryFiles } from './memory-files.ts';
import {
  attributesOf,
  changeAttributes,
  type DirectoryNode,
  type FileNode,
  type MemoryNode,
  newDirectory,
  newFile,
  newLink,
  readFrom,
  resize,
  writeInto,
} from './memory-nodes.ts';
import type { MockFiles } from './mock-files.ts';
import { joinPath, normalPath, type PathRules, splitLast, splitPath } from './paths.ts';

const mostLinks = 40;
const umask = 0o022;
const mayRead = 0o400;
const mayWrite = 0o200;

/** Files that exist as long as the server. The logged-in user owns them all; the owner's permission bits apply. */
export class MemoryFilesystem implements Filesystem {
  readonly files: MockFiles;
  readonly home: string;
  readonly #root = newDirectory();
  readonly #rules: PathRules;

  constructor(rules: PathRules) {
    this.#rules = rules;
    this.home = rules.home;
    this.makeFolders(rules.home);
    this.files = memoryFiles(this, rules);
  }

  open(path: string, flags: OpenFlags, attributes: Attributes): FileHandle {
    const existing = this.find(path, true);
    if (existing && flags.create && flags.exclusive) throw new SftpStatus(status.failure);
    if (!existing && !flags.create) throw new SftpStatus(status.noSuchFile);
    const node = existing ?? this.#add(this.#throughLink(path), newFile((attributes.mode ?? 0o666) & ~umask));
    if (node.type !== 'file') throw new SftpStatus(status.failure);
    // A new file may be written whatever mode it was created with.
    if (existing) check(node, (flags.read ? mayRead : 0) | (flags.write ? mayWrite : 0));
    if (flags.truncate && flags.write) resize(node, 0);
    return memoryHandle(node, flags);
  }

  list(path: string): DirectoryEntry[] {
    const directory = this.#directory(path);
    check(directory, mayRead);
    const names = [...directory.entries.values()].map(({ name, node }) => ({
      name,
      attributes: attributesOf(node),
    }));
    const dots = ['.', '..'].map((name) => ({ name, attributes: attributesOf(directory) }));
    return [...dots, ...names];
  }

  stat(path: string): Attributes {
    return attributesOf(this.#need(path, true));
  }

  lstat(path: string): Attributes {
    return attributesOf(this.#need(path, false));
  }

  setAttributes(path: string, attributes: Attributes, followLinks: boolean): void {
    changeAttributes(this.#need(path, followLinks), attributes);
  }

  remove(path: string): void {
    if (this.#need(path, false).type === 'directory') throw new SftpStatus(status.failure);
    this.take(path);
  }

  makeDirectory(path: string, attributes: Attributes): void {
    if (this.find(path, false)) throw new SftpStatus(status.failure);
    this.#add(path, newDirectory((attributes.mode ?? 0o777) & ~umask));
  }

  removeDirectory(path: string): void {
    const node = this.#need(path, false);
    if (node.type !== 'directory') throw new SftpStatus(status.noSuchFile);
    if (node.entries.size > 0 || node === this.#root) throw new SftpStatus(status.failure);
    this.take(path);
  }

  rename(from: string, to: string, overwrite: boolean): void {
    const node = this.#need(from, false);
    const target = this.find(to, false);
    const isSamePlace = this.#placeKey(from) === this.#placeKey(to);
    if (target && !overwrite && !(isSamePlace && this.#rules.windows)) throw new SftpStatus(status.failure);
    if (!isSamePlace && joinPath(to, '').startsWith(joinPath(from, '')))
      throw new SftpStatus(status.badMessage);
    if (target && target !== node) checkReplaces(node, target);
    this.#move(from, to, node);
  }

  hardLink(from: string, to: string): void {
    const node = this.#need(from, false);
    if (node.type === 'directory') throw new SftpStatus(status.permissionDenied);
    if (this.find(to, false)) throw new SftpStatus(status.failure);
    this.#add(to, node);
  }

  readLink(path: string): string {
    const node = this.#need(path, false);
    if (node.type !== 'symlink') throw new SftpStatus(status.badMessage);
    return node.target;
  }

  symbolicLink(target: string, path: string): void {
    if (this.find(path, false)) throw new SftpStatus(status.failure);
    this.#add(path, newLink(target));
  }

  realPath(path: string): string {
    const { folder, name } = splitLast(path);
    const real = this.#walk(path, true);
    if (real.node) return real.path;
    // As in OpenSSH, the last part need not exist, but the folders above it must.
    const above = this.#walk(folder, true);
    if (above.node?.type !== 'directory') throw new SftpStatus(status.noSuchFile);
    return joinPath(above.path, name);
  }

  /** Creates all missing folders of a path. */
  makeFolders(path: string): void {
    let at = '';
    for (const part of splitPath(path)) {
      at += `/${part}`;
      if (!this.find(at, true)) this.#add(at, newDirectory());
    }
  }

  /** The node at a path, if any. */
  find(path: string, followLast: boolean): MemoryNode | undefined {
    return this.#walk(path, followLast).node;
  }

  /** Removes a node with everything below it. */
  take(path: string): void {
    const { folder, name } = splitLast(path);
    const parent = this.#directory(folder);
    check(parent, mayWrite);
    parent.entries.delete(this.#key(name));
    parent.mtime = Math.floor(Date.now() / 1000);
  }

  #move(from: string, to: string, node: MemoryNode): void {
    this.#directory(splitLast(to).folder);
    this.take(from);
    this.#add(to, node);
  }

  #add<Node extends MemoryNode>(path: string, node: Node): Node {
    const { folder, name } = splitLast(path);
    const parent = this.#directory(folder);
    check(parent, mayWrite);
    if (name === '') throw new SftpStatus(status.failure);
    parent.entries.set(this.#key(name), { name, node });
    parent.mtime = Math.floor(Date.now() / 1000);
    return node;
  }

  #need(path: string, followLast: boolean): MemoryNode {
    const node = this.find(path, followLast);
    if (!node) throw new SftpStatus(status.noSuchFile);
    return node;
  }

  #directory(path: string): DirectoryNode {
    const node = this.#need(path, true);
    if (node.type !== 'directory') throw new SftpStatus(status.noSuchFile);
    return node;
  }

  /** Where a file is created if its path ends in a dangling link. */
  #throughLink(path: string): string {
    return this.find(path, false)?.type === 'symlink' ? this.#walk(path, true).path : path;
  }

  /** Follows a path; `node` is undefined if the last part does not exist. */
  #walk(path: string, followLast: boolean, links = 0): { node: MemoryNode | undefined; path: string } {
    let node: MemoryNode | undefined = this.#root;
    let at = '/';
    const parts = splitPath(path);
    for (const [index, part] of parts.entries()) {
      if (node?.type !== 'directory') throw new SftpStatus(status.noSuchFile);
      const found = node.entries.get(this.#key(part));
      const isLast = index === parts.length - 1;
      if (found?.node.type === 'symlink' && (!isLast || followLast)) {
        if (links >= mostLinks) throw new SftpStatus(status.noSuchFile);
        const target = normalPath(found.node.target, { ...this.#rules, home: at });
        return this.#walk([target, ...parts.slice(index + 1)].join('/'), followLast, links + 1);
      }
      if (!found && !isLast) throw new SftpStatus(status.noSuchFile);
      at = joinPath(at, found?.name ?? part);
      node = found?.node;
    }
    return { node, path: at };
  }

  #key(name: string): string {
    return this.#rules.windows ? name.toLowerCase() : name;
  }

  #placeKey(path: string): string {
    return this.#key(path);
  }
}

function check(node: MemoryNode, bits: number): void {
  if ((node.mode & bits) !== bits) throw new SftpStatus(status.permissionDenied);
}

/** A folder may only replace an empty folder; a folder and anything else may not replace each other. */
function checkReplaces(node: MemoryNode, target: MemoryNode): void {
  if ((node.type === 'directory') !== (target.type === 'directory')) throw new SftpStatus(status.failure);
  if (target.type === 'directory' && target.entries.size > 0) throw new SftpStatus(status.failure);
}

function memoryHandle(file: FileNode, flags: OpenFlags): FileHandle {
  const only = (isAllowed: boolean) => {
    if (!isAllowed) throw new SftpStatus(status.permissionDenied);
  };
  return {
    read: (offset, length) => {
      only(flags.read);
      return readFrom(file, offset, length);
    },
    write: (offset, data) => {
      only(flags.write);
      writeInto(file, flags.append ? file.size : offset, data);
    },
    stat: () => attributesOf(file),
    setAttributes: (attributes) => changeAttributes(file, attributes),
    sync: () => {},
    close: () => {},
  };
}
