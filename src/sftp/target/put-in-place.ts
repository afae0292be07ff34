import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { backupName } from '../names/temp-name.ts';

const posixRename = 'posix-rename@openssh.com';

/**
 * Gives a finished temporary file its name. With `posix-rename@openssh.com` the server replaces an existing file in
 * one step. Without it:
 * 1. a plain rename, which works when the name is free (and on servers whose rename replaces);
 * 2. if the name is taken: the old file steps aside under a backup name, the new one takes the name, the backup goes;
 *    when the second step fails the old file gets its name back. Only in this case is there a moment without a file
 *    of that name, and a connection that dies in it leaves the old file under its backup name.
 */
export async function putInPlace(sftp: SftpRequests, temporary: string, target: string): Promise<void> {
  // Windows servers have lost files that were renamed onto themselves.
  if (temporary === target) return;
  if (sftp.supports(posixRename)) return sftp.posixRename(temporary, target);
  try {
    await sftp.rename(temporary, target);
  } catch (error) {
    if (sftp.ended || !(await isFile(sftp, target))) throw error;
    await swap(sftp, temporary, target);
  }
}

async function swap(sftp: SftpRequests, temporary: string, target: string): Promise<void> {
  const backup = backupName(target);
  await sftp.rename(target, backup);
  try {
    await sftp.rename(temporary, target);
  } catch (error) {
    await sftp.rename(backup, target);
    throw error;
  }
  // The transfer has succeeded; a backup that cannot be removed is litter, not a failure.
  await sftp.remove(backup).catch(() => {});
}

async function isFile(sftp: SftpRequests, path: string): Promise<boolean> {
  try {
    const { mode } = await sftp.lstat(path);
    return mode === undefined || (mode & 0o170000) !== 0o040000;
  } catch {
    return false;
  }
}
