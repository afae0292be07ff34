import {
  type Attributes,
  type DirectoryEntry,
  type FileHandle,
  type Filesystem,
  modeType,
  type OpenFlags,
  SftpStatus,
  status,
} from '../sftp/files/filesystem.ts';
import type { MockFiles } from '../sftp/files/mock-files.ts';
import { joinPath, normalPath, splitLast } from '../sftp/files/paths.ts';
import type { WindowsSettings } from './personality.ts';
import { type Access, type OpenMode, ShareModes } from './share-modes.ts';
import { deviceHandle, isReadOnly, settable, told, windowsHandle } from './windows-handle.ts';
import { isDevice, pathLength, streamOf } from './windows-names.ts';

// Milliseconds for which an old version's rename leaves no file at the target: long enough for a test to see.
const absentMs = 20;
/** A folder needs room for an 8.3 name below it. */
const roomForName = 12;

/**
 * Files as sftp-server.exe serves them. Adds to a case-insensitive file system: share modes, the read-only bit,
 * MAX_PATH, devices and streams, real paths that follow no links, and the rename of the simulated version.
 */
export class WindowsFilesystem implements Filesystem {
  readonly files: MockFiles;
  readonly home: string;
  readonly #inner: Filesystem;
  readonly #settings: WindowsSettings;
  readonly #shares = new ShareModes();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(inner: Filesystem, settings: WindowsSettings) {
    this.#inner = inner;
    this.#settings = settings;
    this.files = inner.files;
    this.home = inner.home;
  }

  async open(path: string, flags: OpenFlags, _mode: Attributes): Promise<FileHandle> {
    this.#checkLength(path);
    if (isDevice(path)) return deviceHandle;
    const stream = streamOf(path);
    if (stream) return this.#openStream(stream.file, flags);
    const found = await this.#look(path, true);
    if (found && !flags.exclusive && (found.mode ?? 0) & 0o040000) throw denied();
    if (found && flags.write && !flags.exclusive && isReadOnly(found)) throw denied();
    const leave = await this.#enter(path, found, flags);
    try {
      // The mode is ignored: a new file inherits from its folder.
      return windowsHandle(await this.#inner.open(path, flags, {}), this.#settings.facts, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async list(path: string): Promise<DirectoryEntry[]> {
    const entries = await this.#inner.list(path);
    return Promise.all(
      entries.map(async ({ name, attributes }) => ({
        name,
        attributes: told(
          isLink(attributes) && typeof name === 'string'
            ? await this.#lstat(joinPath(path, name))
            : attributes,
        ),
      })),
    );
  }

  async stat(path: string): Promise<Attributes> {
    this.#checkLength(path);
    return told(await this.#inner.stat(path));
  }

  async lstat(path: string): Promise<Attributes> {
    this.#checkLength(path);
    return told(await this.#lstat(path));
  }

  async setAttributes(path: string, attributes: Attributes, followLinks: boolean): Promise<void> {
    this.#checkLength(path);
    const found = await (followLinks ? this.#inner.stat(path) : this.#inner.lstat(path));
    await this.#inner.setAttributes(path, settable(found, attributes), followLinks);
  }

  async remove(path: string): Promise<void> {
    this.#checkLength(path);
    const found = await this.#inner.lstat(path);
    const key = await this.#key(path, false);
    if (isLink(found) && isFolder(await this.#look(path, true))) throw denied();
    if (isReadOnly(found) || !this.#shares.isFree(key)) throw denied();
    await this.#inner.remove(path);
    this.#shares.remove(key);
  }

  async makeDirectory(path: string, attributes: Attributes): Promise<void> {
    this.#checkLength(path, roomForName);
    await this.#inner.makeDirectory(path, attributes);
  }

  async removeDirectory(path: string): Promise<void> {
    if (isLink(await this.#inner.lstat(path))) await this.#inner.remove(path);
    else await this.#inner.removeDirectory(path);
  }

  async rename(from: string, to: string, overwrite: boolean): Promise<void> {
    this.#checkLength(from);
    this.#checkLength(to);
    if (isDevice(to)) throw denied();
    await this.#inner.lstat(from);
    const [source, target] = [await this.#key(from, false), await this.#key(to, false)];
    if (overwrite && !this.#settings.atomicRename) await this.#unlinkFirst(to);
    else if (source !== target && (await this.#look(to, false)))
      await this.#checkReplaces(to, target, overwrite);
    const isFree = this.#shares.isFree(source);
    if (!overwrite && (await this.#leavesBothNames(from, isFree))) {
      await this.#inner.hardLink(from, to);
      this.#shares.link(source, target);
      throw denied();
    }
    if (!isFree) throw denied();
    await this.#inner.rename(from, to, overwrite);
    this.#shares.rename(source, target);
  }

  async hardLink(from: string, to: string): Promise<void> {
    await this.#inner.hardLink(from, to);
  }

  async readLink(path: string): Promise<string> {
    if (!isLink(await this.#inner.lstat(path))) throw new SftpStatus(status.failure);
    const target = await this.#inner.readLink(path);
    if (isJunction(target)) throw new SftpStatus(status.badMessage);
    return target;
  }

  /** Only administrators may do this. */
  async symbolicLink(target: string, path: string): Promise<void> {
    if (this.#settings.account === 'standard') throw denied();
    await this.#inner.symbolicLink(target, path);
  }

  /** Like `_wfullpath`: links are kept, and nothing need exist. */
  realPath(path: string): string {
    return path;
  }

  /** Another program opens a file, for `ms` milliseconds or until the returned function is called. */
  hold(path: string, ms: number, share: readonly Access[]): () => void {
    if (!this.files.has(path)) throw new Error(`the mock server has no ${path}`);
    const leave = this.#shares.enter(this.#keyOf(normalPath(path, { home: this.home, windows: true })), {
      access: ['read'],
      share,
    });
    if (!leave) throw new Error(`${path} on the mock server is open, and cannot be opened a second time`);
    if (ms === Number.POSITIVE_INFINITY) return leave;
    const timer = setTimeout(() => release(), ms);
    const release = () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
      leave();
    };
    this.#timers.add(timer);
    return release;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** The new name may belong to a file only if nobody has that open and it is not read-only. */
  async #checkReplaces(to: string, key: string, overwrite: boolean): Promise<void> {
    if (!overwrite) throw new SftpStatus(status.failure);
    if (isReadOnly(await this.#inner.lstat(to)) || this.#shares.isOpen(key)) throw denied();
  }

  /** A plain rename of a file adds the new name and removes the old one; if the latter fails, the file keeps both. */
  async #leavesBothNames(from: string, isFree: boolean): Promise<boolean> {
    const { mode = 0 } = await this.#inner.lstat(from);
    return (mode & modeType.mask) === modeType.file && (!isFree || isReadOnly({ mode }));
  }

  /**
   * As before 8.6: the target is removed first, and for a moment nothing is there. If that fails, the rename meets it.
   */
  async #unlinkFirst(to: string): Promise<void> {
    if (!(await this.#look(to, false))) return;
    await this.remove(to).catch(() => {
      throw new SftpStatus(status.failure);
    });
    await new Promise((resolve) => setTimeout(resolve, absentMs));
  }

  async #openStream(file: string, flags: OpenFlags): Promise<FileHandle> {
    const isThere = await this.#look(file, true);
    if (!isThere && !flags.create) throw new SftpStatus(status.noSuchFile);
    if (!isThere) await (await this.open(file, { ...flags, exclusive: false, truncate: false }, {})).close();
    return deviceHandle;
  }

  /** Registers that the client has the file open; throws if someone else does not allow it. */
  async #enter(path: string, found: Attributes | undefined, flags: OpenFlags): Promise<() => void> {
    if (found && flags.create && flags.exclusive) throw new SftpStatus(status.failure);
    const leave = this.#shares.enter(await this.#key(path, true), openMode(flags));
    if (!leave) throw new SftpStatus(status.failure);
    return leave;
  }

  async #look(path: string, followLinks: boolean): Promise<Attributes | undefined> {
    try {
      return await (followLinks ? this.#inner.stat(path) : this.#inner.lstat(path));
    } catch {
      return undefined;
    }
  }

  /** A junction is reported as the folder to which it leads; only READLINK shows what it is. */
  async #lstat(path: string): Promise<Attributes> {
    const found = await this.#inner.lstat(path);
    if (!isLink(found) || !isJunction(await this.#inner.readLink(path))) return found;
    return (await this.#look(path, true)) ?? { ...found, mode: modeType.directory | 0o777 };
  }

  async #key(path: string, followLinks: boolean): Promise<string> {
    if (followLinks) return this.#keyOf(await this.#inner.realPath(path));
    const { folder, name } = splitLast(path);
    return this.#keyOf(joinPath(await this.#inner.realPath(folder), name));
  }

  #keyOf(path: string): string {
    return path.toLowerCase();
  }

  #checkLength(path: string, spare = 0): void {
    if (pathLength(path) > this.#settings.facts.maxPath - spare) throw new SftpStatus(status.badMessage);
  }
}

/** How OPEN translates its flags: opening for writing keeps readers out, opening for both keeps everyone out. */
function openMode({ read, write }: OpenFlags): OpenMode {
  if (read && write) return { access: ['read', 'write'], share: [] };
  return write ? { access: ['write'], share: ['write'] } : { access: ['read'], share: ['read', 'write'] };
}

function isLink({ mode = 0 }: Attributes): boolean {
  return (mode & modeType.mask) === modeType.link;
}

function isFolder({ mode = 0 }: Attributes = {}): boolean {
  return (mode & modeType.mask) === modeType.directory;
}

/** How NT stores a junction: the path of a folder in a form of its own. */
function isJunction(target: string): boolean {
  return target.startsWith('\\??\\');
}

function denied(): SftpStatus {
  return new SftpStatus(status.permissionDenied);
}
