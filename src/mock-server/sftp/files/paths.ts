import { SftpStatus, status } from './filesystem.ts';

// Characters that Windows allows in no file name, besides the colon of `file:stream`.
const notOnWindows = /[<>"|?*\u0000-\u001f]/;
const longestName = 255;

/** How clients' paths are made absolute and normalised. */
export interface PathRules {
  home: string;
  windows: boolean;
}

/** The absolute form of a client's path, without `.`, `..` and doubled slashes. */
export function normalPath(path: string, { home, windows }: PathRules): string {
  const given = windows ? fromWindows(path) : path;
  if (given.includes('\0')) throw new SftpStatus(status.noSuchFile);
  const parts = given.startsWith('/') ? [] : splitPath(home);
  for (const part of given.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(windows ? withoutEnd(part) : part);
  }
  parts.forEach((part, index) => {
    checkName(part, windows && index > 0);
    if (windows && index > 0 && index < parts.length - 1 && part.includes(':'))
      throw new SftpStatus(status.failure);
  });
  return `/${parts.join('/')}`;
}

/** `C:\a`, `C:/a`, `/C:/a` and the `\??\C:\a` of a junction are one path; OpenSSH for Windows sends the third. */
function fromWindows(path: string): string {
  const slashed = path.replaceAll('\\', '/').replace(/^\/\?\?(?=\/)/, '');
  const drive = /^\/?([A-Za-z]):(?=\/|$)/.exec(slashed);
  if (!drive?.[1]) return slashed;
  return `/${drive[1].toUpperCase()}:${slashed.slice(drive[0].length)}`;
}

/** Windows drops dots and spaces at the end of a name. */
function withoutEnd(name: string): string {
  return name.replace(/(?<=[^. ])[. ]+$/, '');
}

function checkName(name: string, windows: boolean): void {
  if (Buffer.byteLength(name) > longestName) throw new SftpStatus(status.badMessage);
  if (windows && notOnWindows.test(name)) throw new SftpStatus(status.failure);
}

export function splitPath(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

/** The parent folder and the last part. */
export function splitLast(path: string): { folder: string; name: string } {
  const parts = splitPath(path);
  const name = parts.pop() ?? '';
  return { folder: `/${parts.join('/')}`, name };
}

export function joinPath(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}
