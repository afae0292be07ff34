/** The type bits of a POSIX mode, as all SFTP servers send it, including those on Windows. */
const typeMask = 0o170000;

const kinds = new Map([
  [0o010000, 'a named pipe (FIFO)'],
  [0o020000, 'a character device'],
  [0o060000, 'a block device'],
  [0o140000, 'a socket'],
]);

/** The type of a remote file. */
export type FileType = 'file' | 'directory' | 'symlink' | 'other';

/** The type of a file. Without a mode, or with permissions only, it counts as a file. */
export function fileType(mode: number | undefined): FileType {
  if (isFolder(mode)) return 'directory';
  if (isLink(mode)) return 'symlink';
  const type = (mode ?? 0) & typeMask;
  return type === 0o100000 || type === 0 ? 'file' : 'other';
}

/** A phrase for a type that cannot be transferred; undefined for files, folders, links and unknown types. */
export function specialKind(mode: number | undefined): string | undefined {
  return fileType(mode) === 'other' ? (kinds.get((mode ?? 0) & typeMask) ?? 'something special') : undefined;
}

/** Whether a mode includes the type. Some servers send no mode, or permissions only. */
export function isTypeTold(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) !== 0;
}

export function isFolder(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) === 0o040000;
}

export function isLink(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) === 0o120000;
}

/** Whether this is a file that its owner may not write. */
export function isReadOnly(mode: number | undefined): boolean {
  return mode !== undefined && fileType(mode) === 'file' && (mode & 0o200) === 0;
}

/** The read, write and execute bits. */
export function permissions(mode: number): number {
  return mode & 0o777;
}

/** The permission bits including set-uid, set-gid and sticky: reported, but never copied to another machine. */
export function allPermissions(mode: number): number {
  return mode & 0o7777;
}

/** The mode for a copy of a file, to which the umask applies; never set-uid, set-gid or sticky. */
export function newMode(mode: number | undefined): number | undefined {
  return mode === undefined ? undefined : mode & 0o777;
}
