import { constants, realpathSync } from 'node:fs';
import {
  chmod,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rmdir,
  symlink,
  truncate,
  unlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Attributes,
  type DirectoryEntry,
  type FileHandle,
  type Filesystem,
  type OpenFlags,
  SftpStatus,
  status,
} from './filesystem.ts';
import { attributes } from './folder-attributes.ts';
import { folderFiles } from './folder-files.ts';
import { folderHandle, withStatus } from './folder-handle.ts';
import { resolveInside, tellPath } from './folder-resolve.ts';
import type { MockFiles } from './mock-files.ts';
import { joinPath, type PathRules, splitLast } from './paths.ts';

/**
 * A real folder presented as the whole file system: `/` is the folder, `..` does not lead out of it, and symbolic links
 * are followed relative to it.
 */
export class FolderFilesystem implements Filesystem {
  readonly files: MockFiles;
  readonly home: string;
  readonly #root: string;

  constructor(root: string, rules: PathRules) {
    this.#root = realpathSync(root);
    this.home = rules.home;
    this.files = folderFiles(this.#root, rules);
  }

  async open(path: string, flags: OpenFlags, { mode = 0o666 }: Attributes): Promise<FileHandle> {
    const real = await this.#real(path, !(flags.create && flags.exclusive));
    return withStatus(async () => folderHandle(await open(real, nodeFlags(flags), mode & 0o7777)));
  }

  async list(path: string): Promise<DirectoryEntry[]> {
    const real = await this.#real(path, true);
    const names = await withStatus(() => readdir(real));
    const dots = await Promise.all(['.', '..'].map((name) => entry(name, real)));
    const found = await Promise.all(names.map((name) => entry(name, join(real, name))));
    // Leaves out what another client has removed meanwhile.
    return [...dots, ...found].filter((one) => one !== undefined);
  }

  async stat(path: string): Promise<Attributes> {
    return attributes(await withStatus(async () => lstat(await this.#real(path, true))));
  }

  async lstat(path: string): Promise<Attributes> {
    return attributes(await withStatus(async () => lstat(await this.#real(path, false))));
  }

  async setAttributes(
    path: string,
    { size, mode, atime, mtime, uid, gid }: Attributes,
    follow: boolean,
  ): Promise<void> {
    const real = await this.#real(path, follow);
    await withStatus(async () => {
      const isLink = (await lstat(real)).isSymbolicLink();
      if (size !== undefined && !isLink) await truncate(real, size);
      if (mode !== undefined && !isLink) await chmod(real, mode & 0o7777);
      if (uid !== undefined && gid !== undefined) await lchown(real, uid, gid);
      if (mtime !== undefined) await (isLink ? lutimes : utimes)(real, atime ?? mtime, mtime);
    });
  }

  async remove(path: string): Promise<void> {
    await withStatus(async () => unlink(await this.#real(path, false)));
  }

  async makeDirectory(path: string, { mode = 0o777 }: Attributes): Promise<void> {
    await withStatus(async () => mkdir(await this.#real(path, false), mode & 0o7777));
  }

  async removeDirectory(path: string): Promise<void> {
    const real = await this.#real(path, false);
    if (real === this.#root) throw new SftpStatus(status.failure);
    await withStatus(() => rmdir(real));
  }

  async rename(from: string, to: string, overwrite: boolean): Promise<void> {
    const [source, target] = [await this.#real(from, false), await this.#real(to, false)];
    await withStatus(async () => {
      if (overwrite) return rename(source, target);
      if (await exists(target)) throw new SftpStatus(status.failure);
      await rename(source, target);
    });
  }

  async hardLink(from: string, to: string): Promise<void> {
    await withStatus(async () => link(await this.#real(from, false), await this.#real(to, false)));
  }

  async readLink(path: string): Promise<string> {
    return withStatus(async () => readlink(await this.#real(path, false)));
  }

  async symbolicLink(target: string, path: string): Promise<void> {
    await withStatus(async () => symlink(target, await this.#real(path, false)));
  }

  async realPath(path: string): Promise<string> {
    const { folder, name } = splitLast(path);
    const real = await this.#real(path, true).catch(() => undefined);
    if (real !== undefined) return tellPath(this.#root, real, this.home);
    return joinPath(tellPath(this.#root, await this.#real(folder, true), this.home), name);
  }

  #real(path: string, followLast: boolean): Promise<string> {
    return withStatus(() => resolveInside(this.#root, path, followLast));
  }
}

function nodeFlags({ read, write, append, create, truncate: cut, exclusive }: OpenFlags): number {
  // O_NOFOLLOW: we have already followed the links, within the folder.
  let flags = constants.O_NOFOLLOW ?? 0;
  flags |= write ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (append) flags |= constants.O_APPEND;
  if (create) flags |= constants.O_CREAT;
  if (cut) flags |= constants.O_TRUNC;
  if (exclusive) flags |= constants.O_EXCL;
  return flags;
}

async function entry(name: string, real: string): Promise<DirectoryEntry | undefined> {
  try {
    return { name, attributes: attributes(await lstat(real)) };
  } catch {
    return undefined;
  }
}

async function exists(real: string): Promise<boolean> {
  return lstat(real).then(
    () => true,
    () => false,
  );
}
