import type { Readable, Writable } from 'node:stream';
import type { FileType } from '../names/file-mode.ts';
import type { ReadStreamOptions, WriteStreamOptions } from './streams.ts';

/** What the server reports about a file. A size, mode or time that it does not report is 0; an owner is absent. */
export interface RemoteStats {
  /** The type; `'file'` if the server does not report one. */
  type: FileType;
  /** Size in bytes. */
  size: number;
  /** Permission bits, without the file type: `0o644`. Windows servers do not store them and report placeholders. */
  mode: number;
  /** Time of last modification, in whole seconds. */
  mtime: Date;
  /** Time of last access, in whole seconds. */
  atime: Date;
  /** The owner's numeric id, if the server reports it. */
  uid?: number;
  /** The group's numeric id, if the server reports it. */
  gid?: number;
}

/** One entry of a folder. */
export interface RemoteListEntry extends RemoteStats {
  name: string;
}

/** Options of every call. */
export interface SftpCallOptions {
  /**
   * Aborting makes the call reject with `signal.reason`. The server may still carry out a request already sent.
   * Default: none.
   */
  signal?: AbortSignal | undefined;
}

/**
 * SFTP with promises; calls may overlap. Every call rejects with `SftpFailed` (operation, path, status) if the server
 * refuses it, with `ConnectionLost` if the connection is lost, with `ChannelTimeout` if no reply arrives within
 * `requestTimeout` (default 60,000 ms), and with `TypeError` or `RangeError` for invalid arguments. Paths on a Windows
 * PC may be written `C:\x`, `C:/x` or `/C:/x`; relative paths are relative to the login directory.
 */
export interface SftpClient extends AsyncDisposable {
  /** Type, size, times and permissions. Follows symbolic links. */
  stat(path: string, options?: SftpCallOptions): Promise<RemoteStats>;
  /** Like `stat`, but for a symbolic link itself. */
  lstat(path: string, options?: SftpCallOptions): Promise<RemoteStats>;
  /**
   * Whether the path exists, following links. Rejects if that cannot be determined (no permission, connection lost).
   */
  exists(path: string, options?: SftpCallOptions): Promise<boolean>;
  /**
   * The entries of a folder, sorted by name, without `.` and `..`. The names come from the server: check them before
   * you use them as local paths.
   */
  list(path: string, options?: SftpCallOptions): Promise<RemoteListEntry[]>;
  /** Reads a whole file into memory; for large files use `createReadStream` or `download`. */
  readFile(path: string, options?: SftpCallOptions & { encoding?: undefined }): Promise<Buffer>;
  readFile(path: string, options: SftpCallOptions & { encoding: BufferEncoding }): Promise<string>;
  /**
   * Replaces the content of a file in place; `upload` writes under a temporary name first. `mode` applies to a new
   * file; `encoding` to a string, default `utf8`.
   */
  writeFile(
    path: string,
    data: string | Uint8Array,
    options?: SftpCallOptions & { mode?: number | undefined; encoding?: BufferEncoding | undefined },
  ): Promise<void>;
  /** Creates a folder. `recursive` (default `false`): creates missing parents too, and accepts an existing folder. */
  mkdir(
    path: string,
    options?: SftpCallOptions & { recursive?: boolean | undefined; mode?: number | undefined },
  ): Promise<void>;
  /** Removes a file, a link (not its target) or an empty folder; with `recursive`, a folder and everything in it. */
  remove(path: string, options?: SftpCallOptions & { recursive?: boolean | undefined }): Promise<void>;
  /** Renames a file or folder. Replaces an existing file, atomically if the server supports it. */
  rename(from: string, to: string, options?: SftpCallOptions): Promise<void>;
  /** The canonical absolute path. */
  realPath(path: string, options?: SftpCallOptions): Promise<string>;
  /** Sets the permission bits, for example `0o640`. On Windows this only sets or clears the read-only attribute. */
  chmod(path: string, mode: number, options?: SftpCallOptions): Promise<void>;
  /** Sets the times of access and modification: a Date, or seconds since 1970, rounded down to whole seconds. */
  utimes(path: string, atime: Date | number, mtime: Date | number, options?: SftpCallOptions): Promise<void>;
  /** The target of a symbolic link, as stored. */
  readLink(path: string, options?: SftpCallOptions): Promise<string>;
  /** Creates `path` as a symbolic link to `target`. */
  symlink(target: string, path: string, options?: SftpCallOptions): Promise<void>;
  /**
   * Creates `path` as a hard link to the file `existing`, on the same volume. `path` must not exist. OpenSSH supports
   * this (`hardlink@openssh.com`), also on Windows. With other servers it rejects with `SftpFailed`, status 8, without
   * sending a request; `copy` works everywhere.
   */
  hardLink(existing: string, path: string, options?: SftpCallOptions): Promise<void>;
  /**
   * Copies a file on the server: by the server itself if it supports `copy-data`, else through this process. The copy
   * is written under a temporary name first.
   */
  copy(from: string, to: string, options?: SftpCallOptions): Promise<void>;
  /** Reads a file, or part of it, as a stream. */
  createReadStream(path: string, options?: ReadStreamOptions): Readable;
  /** Writes a file as a stream. Not atomic; `upload` is. */
  createWriteStream(path: string, options?: WriteStreamOptions): Writable;
  /** Closes the session; pending calls reject. Idempotent. */
  close(): Promise<void>;
}
