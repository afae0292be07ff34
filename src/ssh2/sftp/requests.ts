import type { SshError } from '../../errors/index.ts';
import type { Chores } from '../../time/chores.ts';
import type { WindowsFacts } from '../../windows/versions.ts';
import type { Where } from '../channels/link.ts';
import type { Lost } from '../transport/lost.ts';
import type { Field, PacketReader, SftpAttributes, SftpName } from './wire.ts';
import type { Writes } from './write-order.ts';

/** An open file or folder of the server; the server chooses the bytes. */
export type SftpHandle = Buffer;

/** A path; in bytes where a name is not UTF-8. */
export type RawPath = string | Buffer;

/** Data of a READ, in the pieces in which it came; undefined at the end of the file. */
export type ReadDone = (error: SshError | undefined, pieces: Buffer[] | undefined, length: number) => void;
export type WriteDone = (error: SshError | undefined) => void;

/** Bytes that the buffer of a `write` must have free before its data, for the packet's header. */
export const writeHeadroom = 288;

/**
 * One SFTP session as the transfer engine sees it. Every request settles: by its reply, by its deadline, or by the
 * end of the session or connection. Requests may overlap without limit; the caller bounds them.
 */
export interface SftpRequests {
  /** Most bytes that the server gives or takes in one request. */
  readonly maxRead: number;
  readonly maxWrite: number;
  /** Open files that the server allows at once. */
  readonly maxHandles: number;
  /** Milliseconds of the round trip in which the session was opened; 0 when it is not known. */
  readonly roundTrip: number;
  /** Bytes that the server may have on their way to us. */
  readonly receiveWindow: number;
  /** What is known of the server when it is an OpenSSH for Windows. */
  readonly windows: WindowsFacts | undefined;
  /** How the server takes the writes of one file, as far as the connection knows. */
  readonly writes: Writes;
  /** Why the session is over; undefined while it serves. */
  readonly ended: SshError | undefined;
  /**
   * Resolves when the server has greeted, with its extensions; rejects when it does not. Pending only with `atOnce`:
   * answers come in order, so whoever has one knows what the server offers.
   */
  readonly greeted: Promise<void>;
  /** Whether the server offers this extension in this version. */
  supports(extension: string, version?: string): boolean;
  /** Calls back once when the session ends (at once if it has). Returns the way to unsubscribe. */
  onEnded(listener: (error: SshError) => void): () => void;

  open(path: string, flags: number, attributes?: SftpAttributes): Promise<SftpHandle>;
  closeHandle(handle: SftpHandle): Promise<void>;
  /** Never throws, and calls back in a later turn or in this one. */
  read(handle: SftpHandle, position: number, length: number, done: ReadDone): void;
  /**
   * Writes `buffer[start, start + length)`, and the packet's header in front of it into the same buffer. The buffer
   * belongs to the session until `done`, and for ever if that brings an error.
   */
  write(handle: SftpHandle, position: number, data: WriteData, done: WriteDone): void;
  /** The error of a file that ends at `position`, and has bytes behind it. */
  badEnd(position: number): SshError;
  fstat(handle: SftpHandle): Promise<SftpAttributes>;
  fsetstat(handle: SftpHandle, attributes: SftpAttributes): Promise<void>;
  stat(path: string): Promise<SftpAttributes>;
  lstat(path: string): Promise<SftpAttributes>;
  setstat(path: string, attributes: SftpAttributes): Promise<void>;
  opendir(path: RawPath): Promise<SftpHandle>;
  /** Undefined at the end of the listing. */
  readdir(handle: SftpHandle): Promise<SftpName[] | undefined>;
  remove(path: RawPath): Promise<void>;
  mkdir(path: string, attributes?: SftpAttributes): Promise<void>;
  rmdir(path: RawPath): Promise<void>;
  realPath(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  readLink(path: RawPath): Promise<string>;
  /** Makes `path` a link to `target`. */
  symlink(target: string, path: string): Promise<void>;
  /** Asks an extension; see extensions.ts. Rejects where the server does not offer it. */
  extended<T = void>(request: ExtendedRequest<T>): Promise<T>;
  /**
   * Gives the session back for others to use; nothing may be asked of it any more. To be called when every request
   * is answered and every handle closed; `close` when that is not sure.
   */
  release(): void;
  /** Ends the session. Idempotent; resolves when the server has closed it, or will not. */
  close(): Promise<void>;
}

export interface ExtendedRequest<T> {
  operation: string;
  path: string | undefined;
  /** The name of the extension, of which version 1 is asked. */
  extension: string;
  fields: readonly Field[];
  /** Reads the answer; absent where that is a status only. */
  read?: (reader: PacketReader) => T;
}

export interface WriteData {
  buffer: Buffer;
  start: number;
  length: number;
}

export interface CopyRange {
  handle: SftpHandle;
  position: number;
  length: number;
}

export interface OpenSftpOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for opening the session; the connection's `timeouts.channel` by default. */
  timeout?: number | undefined;
  /** Milliseconds to wait for the reply to a request, once all earlier ones are answered. Default 60,000. */
  requestTimeout?: number | undefined;
  /** Open only when sessions are to spare; reject at once rather than wait in line. */
  spare?: boolean | undefined;
  /** Where the server is OpenSSH, do not wait for its greeting: the first requests leave with our own. See `greeted`. */
  atOnce?: boolean | undefined;
}

/** What uploads, downloads and the SFTP client need of a connection. */
export interface SftpOpener {
  openSftp(options?: OpenSftpOptions): Promise<SftpRequests>;
  readonly lost: Lost;
  /** The connection is being closed: what runs gives up, and removes what it began. */
  readonly leaving?: Lost | undefined;
  /** What a `close()` of the connection waits for, within a limit. */
  readonly chores?: Pick<Chores, 'add'> | undefined;
  readonly where: Where;
  /** The server's identification line, with or without `SSH-2.0-`; tells Windows. */
  readonly serverVersion?: string | undefined;
  /** Runs a command for checksums; undefined where commands cannot be run. Resolves whatever the exit code is. */
  readonly run?: ((command: string, signal?: AbortSignal) => Promise<RunResult>) | undefined;
}

interface RunResult {
  exitCode: number | null;
  stdout: string;
}
