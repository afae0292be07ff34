import { isOutOfFiles } from '../../errors/own-limits.ts';
import { readOwnFile, whyUnread } from '../../files/own-file.ts';
import { homeFolder } from '../../options/local-account.ts';
import type { Stoppable } from '../../time/on-abort.ts';

/** OpenSSH's longest RSA key, 16,384 bits, takes 13,000 characters; ssh2 is slow to read the headers of a long text. */
export const longestKey = 32_768;

/** A path with its leading `~` replaced by the home folder. @throws TypeError where this process has none. */
export function expandHome(option: string, path: string): string {
  if (!/^~(?:$|[/\\])/.test(path)) return path;
  const home = homeFolder();
  if (home !== undefined) return home + path.slice(1);
  throw new TypeError(
    `option ${option}: ~ given, but this process has no home folder; an absolute path would be right`,
  );
}

/** @throws TypeError that names the option and says why the file cannot be read; Node's error if too many files are open. */
export async function readKeyFile(
  option: 'privateKeyPath' | 'certificatePath',
  path: string,
  signal?: Stoppable,
): Promise<Buffer> {
  try {
    return await readOwnFile(path, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (isOutOfFiles(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? `there is no file ${path}`
        : code === 'EACCES'
          ? `no permission to read ${path}`
          : `${path} cannot be read (${whyUnread(error)})`;
    const right = option === 'privateKeyPath' ? 'private key' : 'certificate';
    throw new TypeError(`option ${option}: ${why}; the path of a readable ${right} would be right`, {
      cause: error,
    });
  }
}
