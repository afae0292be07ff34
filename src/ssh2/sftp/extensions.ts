// OpenSSH's SFTP extensions (its PROTOCOL, section 4). If the server does not offer one, the call rejects.
import type { CopyRange, SftpHandle, SftpRequests } from './requests.ts';

type Extended = Pick<SftpRequests, 'extended'>;

export const posixRenameName = 'posix-rename@openssh.com';
export const copyDataName = 'copy-data';

/** Replaces an existing file. */
export function posixRename(sftp: Extended, from: string, to: string): Promise<void> {
  return sftp.extended({ operation: 'rename', path: from, extension: posixRenameName, fields: [from, to] });
}

/** Gives the file `existing` a second name. */
export function hardLink(sftp: Extended, existing: string, path: string): Promise<void> {
  const extension = 'hardlink@openssh.com';
  return sftp.extended({ operation: 'hardLink', path, extension, fields: [existing, path] });
}

/** Copies on the server, from one open file to another. */
export function copyData(
  sftp: Extended,
  { handle, position, length }: CopyRange,
  to: SftpHandle,
  toPosition: number,
): Promise<void> {
  const fields = [handle, BigInt(position), BigInt(length), to, BigInt(toPosition)];
  return sftp.extended({ operation: 'copy', path: undefined, extension: copyDataName, fields });
}
