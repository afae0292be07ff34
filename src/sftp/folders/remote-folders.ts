import { SftpFailed } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { type SftpAttributes, statusCode } from '../../ssh2/sftp/wire.ts';
import { isFolderThere } from '../names/look.ts';
import { saysMissing } from '../names/missing.ts';
import { splitPath } from '../names/temp-name.ts';

/** Creates a folder unless it exists. Resolves with whether it was created. */
export async function ensureFolder(
  sftp: SftpRequests,
  path: string,
  attributes: SftpAttributes = {},
): Promise<boolean> {
  try {
    await sftp.mkdir(path, attributes);
    return true;
  } catch (error) {
    if (!(error instanceof SftpFailed)) throw error;
    if (await isFolderThere(sftp, path)) return false;
    throw error;
  }
}

/** Creates a folder and its missing parents, like `mkdir -p`. Resolves with whether it was created. */
export async function ensureFolders(
  sftp: SftpRequests,
  path: string,
  attributes: SftpAttributes = {},
): Promise<boolean> {
  try {
    return await ensureFolder(sftp, path, attributes);
  } catch (error) {
    const above = splitPath(path.replace(/(?<!\/)\/+$/, '')).folder.replace(/(?<=[^/])\/+$/, '');
    if (above === '' || above === path || !(await isForMissing(sftp, error, above))) throw error;
    await ensureFolders(sftp, above);
    return ensureFolder(sftp, path, attributes);
  }
}

/** Whether creating a folder failed because its parent is missing; some servers report that as a general failure. */
async function isForMissing(sftp: SftpRequests, error: unknown, above: string): Promise<boolean> {
  if (saysMissing(error)) return true;
  if (!(error instanceof SftpFailed) || error.status !== statusCode.failure) return false;
  return sftp.lstat(above).then(() => false, saysMissing);
}
