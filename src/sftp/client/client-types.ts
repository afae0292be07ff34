import type { Readable, Writable } from 'node:stream';
import type { FileType } from '../names/file-mode.ts';
import type { ReadStreamOptions, WriteStreamOptions } from './streams.ts';

/** What the server tells of a file. Fields that it does not tell are absent. */
export interface RemoteStats {
  /** What it is. */
  type: FileType;
  /** Bytes. */
  size: number;
  /** Permissions, without the file type: `0o644`. Windows servers make them up. */
  mode: number;
  /** Last change. SFTP knows whole seconds. */
  mtime: Date;
  /** Last access. */
  atime: Date;
  /** The owner's number; absent where the server does not say. */
  uid?: number;
  /** The group's number; absent where the server does not say. */
  gid?: number;
}

/** One entry of a folder. */
export interface RemoteListEntry extends RemoteStats {
  name: string;
}

/** Options of every call that goes to the server. */
export interface SftpCallOptions {
  /** Stops waiting; the call rejects with `signal.reason`. What the server already does, it does. */
  signal?: AbortSignal | undefined;
}

/**
 * SFTP with promises. Calls may overlap. Every call rejects with `SftpFailed` (operation, path, status) when the
 * server refuses, with `ConnectionLost` when the link dies, and with `ChannelTimeout` when no answer comes within
 * 60 seconds; wrong arguments are `TypeError` or `RangeError`. Paths of a Windows PC may be spelled `C:\x`, `C:/x` or
 * `/C:/x`; relative paths begin at the folder of the login.
 */
export interface SftpClient extends AsyncDisposable {
  /** Follows links. */
  stat(path: string, options?: SftpCallOptions): Promise<RemoteStats>;
  /** Does not follow a link. */
  lstat(path: string, options?: SftpCallOptions): Promise<RemoteStats>;
  /** Whether the path leads to something. Rejects when that cannot be told (no permission, link lost). */
  exists(path: string, options?: SftpCallOptions): Promise<boolean>;
  /** The entries of a folder, by name, without `.` and `..`. Names are the server's: check them before using them as local paths. */
  list(path: string, options?: SftpCallOptions): Promise<RemoteListEntry[]>;
  /** The whole file in memory; for large files use `createReadStream` or `download`. */
  readFile(path: string, options?: SftpCallOptions & { encoding?: undefined }): Promise<Buffer>;
  readFile(path: string, options: SftpCallOptions & { encoding: BufferEncoding }): Promise<string>;
  /** Writes into the file itself; `upload` does it under a temporary name. `mode` is for a new file. */
  writeFile(
    path: string,
    data: string | Uint8Array,
    options?: SftpCallOptions & { mode?: number | undefined; encoding?: BufferEncoding | undefined },
  ): Promise<void>;
  /** `recursive`: with the folders above, and no error when it exists. */
  mkdir(
    path: string,
    options?: SftpCallOptions & { recursive?: boolean | undefined; mode?: number | undefined },
  ): Promise<void>;
  /** A file, a link (not what it points to), or an empty folder; with `recursive` a folder with all that is in it. */
  remove(path: string, options?: SftpCallOptions & { recursive?: boolean | undefined }): Promise<void>;
  /** Replaces an existing file, in one step where the server can. */
  rename(from: string, to: string, options?: SftpCallOptions): Promise<void>;
  /** The absolute path, as the server spells it. */
  realPath(path: string, options?: SftpCallOptions): Promise<string>;
  /** Sets the permission bits, for example `0o640`. Windows has no more of them than read-only. */
  chmod(path: string, mode: number, options?: SftpCallOptions): Promise<void>;
  /** Dates, or seconds since 1970; SFTP stores whole seconds. */
  utimes(path: string, atime: Date | number, mtime: Date | number, options?: SftpCallOptions): Promise<void>;
  /** Where a symbolic link leads, as it is written down. */
  readLink(path: string, options?: SftpCallOptions): Promise<string>;
  /** Makes `path` a symbolic link to `target`. */
  symlink(target: string, path: string, options?: SftpCallOptions): Promise<void>;
  /**
   * Gives the file `existing` a second name, `path`, on the same volume: both are the same file, until one is replaced.
   * `path` must not exist. OpenSSH offers it (`hardlink@openssh.com`), on Windows too. Elsewhere `SftpFailed` with status 8
   * is thrown, and nothing was asked: `copy` works everywhere.
   */
  hardLink(existing: string, path: string, options?: SftpCallOptions): Promise<void>;
  /**
   * Copies a file on the server: by the server itself where it can (`copy-data`), else through this process.
   * The target is written under a temporary name first.
   */
  copy(from: string, to: string, options?: SftpCallOptions): Promise<void>;
  /** Reads a file as a stream, or a part of it. */
  createReadStream(path: string, options?: ReadStreamOptions): Readable;
  /** Writes a file as a stream. Not atomic: `upload` is. */
  createWriteStream(path: string, options?: WriteStreamOptions): Writable;
  /** Ends the session; calls under way reject. Idempotent. */
  close(): Promise<void>;
}
