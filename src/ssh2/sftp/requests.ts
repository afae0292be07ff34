import type { SshError } from '../../errors/index.ts';
import type { Chores } from '../../time/chores.ts';
import type { WindowsFacts } from '../../windows/versions.ts';
import type { Where } from '../channels/link.ts';
import type { Lost } from '../transport/lost.ts';
import type { FirstSession } from './subsystem.ts';
import type { Field, PacketReader, SftpAttributes, SftpName } from './wire.ts';
import type { Writes } from './write-order.ts';

/** An open file or folder on the server, which chooses these bytes. */
export type SftpHandle = Buffer;

/** A path; as bytes if a name is not UTF-8. */
export type RawPath = string | Buffer;

/** The data of a READ, in the pieces in which it arrived; undefined at the end of the file. */
export type ReadDone = (error: SshError | undefined, pieces: Buffer[] | undefined, length: number) => void;
/** An error, or the answer. */
export type Answered<T> = (error: SshError | undefined, answer: T | undefined) => void;
export type WriteDone = (error: SshError | undefined) => void;

/** How many bytes the buffer of a `write` must leave free before its data, for the packet's header. */
export const writeHeadroom = 288;

/**
 * One SFTP session as the transfer engine sees it. Every request settles: by its reply, by its deadline, or by the end
 * of the session or connection. Any number of requests may overlap; the caller limits them.
 */
export interface SftpRequests {
  /** The most bytes that the server returns or accepts in one request. */
  readonly maxRead: number;
  readonly maxWrite: number;
  /** How many files the server lets us have open at once. */
  readonly maxHandles: number;
  /** Milliseconds of the round trip that opened the session; 0 if unknown. */
  readonly roundTrip: number;
  /** How many bytes the server may have on their way to us. */
  readonly receiveWindow: number;
  /** What is known of the server if it is OpenSSH for Windows. */
  readonly windows: WindowsFacts | undefined;
  /** How the server accepts the writes of one file, as far as the connection knows. */
  readonly writes: Writes;
  /** The requests that a small file consists of. */
  readonly small: SmallFileRequests;
  /** Whether requests wait for their answers. */
  readonly busy: boolean;
  /** Why the session is over; undefined while it is usable. */
  readonly ended: SshError | undefined;
  /**
   * Resolves when the server has greeted us and named its extensions; rejects if it does not. Only with `atOnce` may it
   * still be pending: answers come in order, so whoever has received one knows what the server offers.
   */
  readonly greeted: Promise<void>;
  /** Whether the server offers this extension in this version. */
  supports(extension: string, version?: string): boolean;
  /** Calls back once when the session ends (at once if it has ended). Returns a function that unsubscribes. */
  onEnded(listener: (error: SshError) => void): () => void;

  open(path: string, flags: number, attributes?: SftpAttributes): Promise<SftpHandle>;
  closeHandle(handle: SftpHandle): Promise<void>;
  /** Never throws; calls back in this turn or a later one. */
  read(handle: SftpHandle, position: number, length: number, done: ReadDone): void;
  /**
   * Writes `buffer[start, start + length)`, and the packet's header in front of it into the same buffer. The buffer
   * belongs to the session until `done` is called, and forever if that reports an error.
   */
  write(handle: SftpHandle, position: number, data: WriteData, done: WriteDone): void;
  /** The error for a file that ends at `position` and yet has bytes after it. */
  badEnd(position: number): SshError;
  fstat(handle: SftpHandle): Promise<SftpAttributes>;
  fsetstat(handle: SftpHandle, attributes: SftpAttributes): Promise<void>;
  stat(path: string): Promise<SftpAttributes>;
  lstat(path: RawPath): Promise<SftpAttributes>;
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
  /** Creates the link `path`, which points to `target`. */
  symlink(target: string, path: string): Promise<void>;
  /** Sends an extended request; see extensions.ts. Rejects if the server does not offer the extension. */
  extended<T = void>(request: ExtendedRequest<T>): Promise<T>;
  /**
   * Returns the session for others to use; nothing more may be requested on it. Call it when every request is answered
   * and every handle closed; if that is uncertain, call `close`.
   */
  release(): void;
  /**
   * The transfer has failed and only removes what it began; then it calls `close`. If the server does not answer in time, the
   * session ends.
   */
  cleanUp(): void;
  /** Ends the session. Idempotent; resolves when the server has closed it, or no longer will. */
  close(): Promise<void>;
}

/**
 * Requests without a promise for each: in a folder of small files, the promises cost more than the files. Each calls back
 * once, in a later turn or in this one. For the rest as those of the same name.
 */
export interface SmallFileRequests {
  open(path: string, flags: number, attributes: SftpAttributes, done: Answered<SftpHandle>): void;
  fstat(handle: SftpHandle, done: Answered<SftpAttributes>): void;
  close(handle: SftpHandle, done: Answered<void>): void;
  /** Only where the server offers it. */
  posixRename(from: string, to: string, done: Answered<void>): void;
}

export interface ExtendedRequest<T> {
  operation: string;
  path: string | undefined;
  /** The name of the extension; it is used in version 1. */
  extension: string;
  fields: readonly Field[];
  /** Reads the answer; absent if that is only a status. */
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
  /** Milliseconds allowed for opening the session; the connection's `timeouts.channel` by default. */
  timeout?: number | undefined;
  /** `timeout` counts from the call, the wait for a free session included. */
  limitsWait?: boolean | undefined;
  /** Milliseconds to wait for the reply to a request, once all earlier ones are answered. Default 60,000. */
  requestTimeout?: number | undefined;
  /** A session that has been requested already; used unless another one lies idle. */
  first?: FirstSession | undefined;
  /** Open only if sessions are to spare; reject at once rather than wait in line. */
  spare?: boolean | undefined;
  /**
   * If the server is OpenSSH, do not wait for its greeting: the first requests leave together with ours. See `greeted`.
   */
  atOnce?: boolean | undefined;
}

/** What uploads, downloads and the SFTP client need of a connection. */
export interface SftpOpener {
  openSftp(options?: OpenSftpOptions): Promise<SftpRequests>;
  readonly lost: Lost;
  /** The connection is being closed: running transfers give up and remove what they began. */
  readonly leaving?: Lost | undefined;
  /** What the connection's `close()` waits for, up to a limit. */
  readonly chores?: Pick<Chores, 'add'> | undefined;
  readonly where: Where;
  /** The server's identification line, with or without `SSH-2.0-`; identifies Windows. */
  readonly serverVersion?: string | undefined;
  /** Runs a command to compute checksums; undefined if commands cannot be run. Resolves whatever the exit code. */
  readonly run?: ((command: string, signal?: AbortSignal) => Promise<RunResult>) | undefined;
}

interface RunResult {
  exitCode: number | null;
  stdout: string;
}
