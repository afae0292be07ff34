import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { isLink } from './file-mode.ts';
import { remotePath } from './paths.ts';
import { splitPath } from './temp-name.ts';

/** The limit of Linux. */
const mostLinks = 40;

/** A chain of symbolic links on the server is circular or too long. */
export class EndlessLinks extends Error {
  constructor() {
    super('it is a symbolic link that leads back to itself, or through too many others');
  }
}

/**
 * The path at which the chain of links starting at `path` ends; it need not exist. On most servers REALPATH resolves
 * it. That of OpenSSH for Windows and of Paramiko does not follow links, so they are read one by one there.
 *
 * @throws {EndlessLinks}
 */
export async function endOfLink(sftp: SftpRequests, path: string): Promise<string> {
  const real = await sftp.realPath(path);
  if (sftp.windows?.realPathFollowsLinks) return real;
  // A link of the same name may be the same one.
  if (!sftp.windows && splitPath(real).name !== splitPath(path).name) return real;
  let at = real;
  for (let links = 0; links <= mostLinks; links++) {
    const { mode } = await sftp.lstat(at).catch(() => ({ mode: undefined }));
    if (!isLink(mode)) return at;
    at = await sftp.realPath(targetOf(at, await sftp.readLink(at)));
  }
  throw new EndlessLinks();
}

/** On Windows the target may be `C:\a`, `\\?\C:\a`, or relative to the folder of the link. */
function targetOf(link: string, target: string): string {
  const plain = target.replace(/^[\\/]{1,2}\?{1,2}[\\/](?=[A-Za-z]:)/, '').replaceAll('\\', '/');
  const path = remotePath(plain, 'target', undefined);
  return path.startsWith('/') ? path : splitPath(link).folder + path;
}
