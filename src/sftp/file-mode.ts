/** The type bits of a POSIX mode, as SFTP servers send it (Windows servers too). */
const typeMask = 0o170000;

/** What an entry of a remote folder is. */
export type FileType = 'file' | 'directory' | 'symlink' | 'other';

/** A server that sends no mode says nothing of the type: taken for a file, as its users must. */
export function fileType(mode: number | undefined): FileType {
  if (isFolder(mode)) return 'directory';
  if (isLink(mode)) return 'symlink';
  const type = (mode ?? 0) & typeMask;
  return type === 0o100000 || type === 0 ? 'file' : 'other';
}

export function isFolder(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) === 0o040000;
}

export function isLink(mode: number | undefined): boolean {
  return ((mode ?? 0) & typeMask) === 0o120000;
}

export function permissions(mode: number): number {
  return mode & 0o7777;
}
