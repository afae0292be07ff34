import { SftpFailed } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { type SftpAttributes, statusCode } from '../../ssh2/sftp/wire.ts';
import { isFolder } from '../names/file-mode.ts';
import { splitPath } from '../names/temp-name.ts';

/** Makes a folder unless it is there. Resolves with whether it was made. */
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
    const found = await sftp.stat(path).catch(() => undefined);
    if (found && isFolder(found.mode)) return false;
    throw error;
  }
}

/** Makes a folder and those above it, as `mkdir -p`. Resolves with whether it was made. */
export async function ensureFolders(
  sftp: SftpRequests,
  path: string,
  attributes: SftpAttributes = {},
): Promise<boolean> {
  try {
    return await ensureFolder(sftp, path, attributes);
  } catch (error) {
    const above = splitPath(path.replace(/(?<!\/)\/+$/, '')).folder.replace(/(?<=[^/])\/+$/, '');
    const isMissing = error instanceof SftpFailed && error.status === statusCode.noSuchFile;
    if (!isMissing || above === '' || above === path) throw error;
    await ensureFolders(sftp, above);
    return ensureFolder(sftp, path, attributes);
  }
}
