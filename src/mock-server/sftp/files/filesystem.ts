import type { SftpAttributes } from '../../../ssh2/sftp/wire.ts';
import type { MockFiles, MockShare } from './mock-files.ts';

/** An attribute that is absent is not reported, or not to be changed. */
export type Attributes = SftpAttributes;

/** Flags of an OPEN request. */
export interface OpenFlags {
  read: boolean;
  write: boolean;
  append: boolean;
  create: boolean;
  truncate: boolean;
  exclusive: boolean;
}

/** A name in a listing. */
export interface DirectoryEntry {
  name: string | Buffer;
  attributes: Attributes;
}

/** An open file. */
export interface FileHandle {
  read(offset: number, length: number): Buffer | Promise<Buffer>;
  write(offset: number, data: Buffer): void | Promise<void>;
  stat(): Attributes | Promise<Attributes>;
  setAttributes(attributes: Attributes): void | Promise<void>;
  sync(): void | Promise<void>;
  close(): void | Promise<void>;
}

/** The files of an SFTP server. Paths are absolute and normalised, as from `realPath`; calls may throw SftpStatus. */
export interface Filesystem {
  /** The files as a test sees them. */
  readonly files: MockFiles;
  /** The folder in which clients start. */
  readonly home: string;
  open(path: string, flags: OpenFlags, attributes: Attributes): FileHandle | Promise<FileHandle>;
  list(path: string): DirectoryEntry[] | Promise<DirectoryEntry[]>;
  stat(path: string): Attributes | Promise<Attributes>;
  lstat(path: string): Attributes | Promise<Attributes>;
  setAttributes(path: string, attributes: Attributes, followLinks: boolean): void | Promise<void>;
  remove(path: string): void | Promise<void>;
  makeDirectory(path: string, attributes: Attributes): void | Promise<void>;
  removeDirectory(path: string): void | Promise<void>;
  rename(from: string, to: string, overwrite: boolean): void | Promise<void>;
  hardLink(from: string, to: string): void | Promise<void>;
  readLink(path: string): string | Promise<string>;
  symbolicLink(target: string, path: string): void | Promise<void>;
  /** The path with links followed, as far as it exists. */
  realPath(path: string): string | Promise<string>;
  /** Another program opens a file; see {@link MockServer.hold}. Absent if programs do not lock each other out. */
  hold?(path: string, ms: number, share: readonly MockShare[]): () => void;
  /** Ends what it has started. */
  close?(): void;
}

/** Status codes of SFTP version 3. */
export const status = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

const texts: Record<number, string> = {
  0: 'Success',
  1: 'End of file',
  2: 'No such file',
  3: 'Permission denied',
  4: 'Failure',
  5: 'Bad message',
  8: 'Operation unsupported',
};

/** The text that OpenSSH sends with a status. */
export function statusText(code: number): string {
  return texts[code] ?? 'Unknown status';
}

/** A failed request; sent as a STATUS reply. */
export class SftpStatus extends Error {
  override readonly name = 'SftpStatus';
  readonly status: number;

  constructor(code: number, message = statusText(code)) {
    super(message);
    this.status = code;
  }
}

/** The file type bits of a mode. */
export const modeType = { mask: 0o170000, file: 0o100000, directory: 0o040000, link: 0o120000 } as const;
