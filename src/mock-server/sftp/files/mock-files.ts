/** What a program lets others do with a file that it has open: `FILE_SHARE_READ` and so on. */
export type MockShare = 'read' | 'write' | 'delete';

/** The files of a mock server, for tests. All calls are synchronous; paths are as clients write them. */
export interface MockFiles {
  /** A file's content. Throws if it does not exist. */
  read(path: string): Buffer;
  /** A file's content as UTF-8. Throws if it does not exist. */
  text(path: string): string;
  /** Creates or replaces a file, with missing parent folders. `mode` default 0o644, `mtime` in seconds. */
  write(path: string, content: string | Buffer, attributes?: { mode?: number; mtime?: number }): void;
  /** Creates a folder, with missing parents. */
  mkdir(path: string): void;
  /** Creates a symbolic link. */
  symlink(target: string, path: string): void;
  /** Whether the path exists (links are not followed). */
  has(path: string): boolean;
  /** Removes a file, a link or a whole folder. Has no effect if it does not exist. */
  remove(path: string): void;
  /** The paths of all files and links below `path` (default: everything), sorted. */
  list(path?: string): string[];
  /** Type, size, permission bits and modification time (seconds); links are not followed. Throws if it does not exist. */
  stat(path: string): { type: 'file' | 'directory' | 'symlink'; size: number; mode: number; mtime: number };
}
