/** The type bits of a POSIX mode, as SFTP servers send it (Windows servers too). */
const typeMask = 0o170000;

const kinds = new Map([
  [0o010000, 'a named pipe (FIFO)'],
  [0o020000, 'a character device'],
  [0o060000, 'a block device'],
  [0o140000, 'a socket'],
]);

/** The type of a remote file. */
export type FileType = 'file' | 'directory' | 'symlink' | 'other';

/** A server that sends no mode says nothing of the type: taken for a file, as its users must. */
export function fileType(mode: number | undefined): FileType {
  if (isFolder(mode)) return 'directory';
  if (isLink(mode)) return 'symlink';
  const type = (mode ?? 0) & typeMask;
  return type === 0o100000 || type === 0 ? 'file' : 'other';
}

/** In words, for what a transfer refuses; undefined for files, folders and links, and where the server does not say. */
export function specialKind(mode: number | undefined): string | undefined {
  return fileType(mode) === 'other' ? (kinds.get((mode ?? 0) & typeMask) ?? 'something special') : undefined;
}

/** Whether a mode says what is there. Some servers send none, or permissions alone. */
export function isTypeTold(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) !== 0;
}

export function isFolder(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) === 0o040000;
}

export function isLink(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) === 0o120000;
}

/** A file that its owner may not write. */
export function isReadOnly(mode: number | undefined): boolean {
  return mode !== undefined && fileType(mode) === 'file' && (mode & 0o200) === 0;
}

/** Read, write and execute, for whom. */
export function permissions(mode: number): number {
  return mode & 0o777;
}

/** With the set-uid, set-gid and sticky bits: reported, but never copied to another machine. */
export function allPermissions(mode: number): number {
  return mode & 0o7777;
}

/** Permissions for the copy of a file, to be cut by the umask where it is made; set-uid bits are never carried over so. */
export function newMode(mode: number | undefined): number | undefined {
  return mode === undefined ? undefined : mode & 0o777;
}
