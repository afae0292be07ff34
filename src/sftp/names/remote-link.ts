import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { isLink } from './file-mode.ts';
import { remotePath } from './paths.ts';
import { splitPath } from './temp-name.ts';

/** As many as Linux follows. */
const mostLinks = 40;

/** A chain of links on the server has no end. */
export class EndlessLinks extends Error {
  constructor() {
    super('it is a symbolic link that leads back to itself, or through too many others');
  }
}

/**
 * Where the chain of links that starts at `path` ends; it need not exist. On most servers the real path shows it.
 * OpenSSH for Windows resolves no links in one, so each link is read there.
 */
export async function endOfLink(sftp: SftpRequests, path: string): Promise<string> {
  const real = await sftp.realPath(path);
  if (sftp.windows === undefined || sftp.windows.realPathFollowsLinks) return real;
  let at = real;
  for (let links = 0; links <= mostLinks; links++) {
    const { mode } = await sftp.lstat(at).catch(() => ({ mode: undefined }));
    if (!isLink(mode)) return at;
    at = await sftp.realPath(targetOf(at, await sftp.readLink(at)));
  }
  throw new EndlessLinks();
}

/** Windows spells it as it likes: `C:\a`, `\\?\C:\a`, or relative to the folder of the link. */
function targetOf(link: string, target: string): string {
  const plain = target.replace(/^[\\/]{1,2}\?{1,2}[\\/](?=[A-Za-z]:)/, '').replaceAll('\\', '/');
  const path = remotePath(plain, 'target', undefined);
  return path.startsWith('/') ? path : splitPath(link).folder + path;
}
