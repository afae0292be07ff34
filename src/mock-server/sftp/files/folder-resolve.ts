import { lstat, readlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { SftpStatus, status } from './filesystem.ts';
import { splitPath } from './paths.ts';

const mostLinks = 40;
const drive = /^\/[A-Z]:(?=\/|$)/;

/**
 * The real location of a client's path below `root`. Follows symbolic links one by one as if `root` were the root of
 * the file system: neither `..` nor an absolute link leads out. The last part need not exist.
 */
export async function resolveInside(root: string, path: string, followLast: boolean): Promise<string> {
  // A Windows personality presents the folder as its drive.
  const parts = splitPath(path.replace(drive, ''));
  let at = root;
  let links = 0;
  while (parts.length > 0) {
    const part = parts.shift() as string;
    if (part === '.') continue;
    if (part === '..') {
      at = at === root ? root : dirname(at);
      continue;
    }
    const next = join(at, part);
    const isLast = parts.length === 0;
    const target = isLast && !followLast ? undefined : await linkTarget(next, isLast);
    if (target === undefined) {
      at = next;
      continue;
    }
    if (++links > mostLinks) throw new SftpStatus(status.noSuchFile);
    if (target.startsWith('/')) at = root;
    parts.unshift(...splitPath(target));
  }
  return at;
}

/** The target of a link; undefined for everything else, and for a last part that does not exist. */
async function linkTarget(path: string, mayBeAbsent: boolean): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    return found.isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (mayBeAbsent && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A real path as it is sent to clients. */
export function tellPath(root: string, real: string, home: string): string {
  const inside = relative(root, real).split(sep).join('/');
  const top = drive.test(home) ? home : '';
  return `${top}/${inside}`;
}
