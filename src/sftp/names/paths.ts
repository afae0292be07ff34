import { win32 } from 'node:path';
import { checkText } from '../../check/values.ts';
import { wrongRange } from '../../check/wrong.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import { quoted } from '../../text/printable.ts';

const driveLetter = /^\/?[A-Za-z]:(?=[\\/]|$)/;

/**
 * A remote path as the server expects it. On a Windows PC `C:\rpa\in.json`, `C:/rpa/in.json` and `/C:/rpa/in.json` are
 * the same; a drive letter means a Windows PC even if the server does not identify itself as one. `~/x` becomes `x`:
 * SFTP starts in the login directory and does not expand `~`.
 *
 * @throws {TypeError} naming the argument.
 */
export function remotePath(path: unknown, name: string, serverVersion: string | undefined): string {
  checkText(`argument ${name}`, path, "a path (the folder of the login is '.')");
  const hasDrive = driveLetter.test(path);
  const slashed = hasDrive || isWindowsServer(serverVersion) ? path.replaceAll('\\', '/') : path;
  const rooted = hasDrive && !slashed.startsWith('/') ? `/${slashed}` : fromHome(slashed);
  const trimmed = rooted.replace(/(?<=[^/])\/+$/, '');
  return hasDrive && trimmed.length === 3 ? `${trimmed}/` : trimmed;
}

function fromHome(path: string): string {
  return /^~(?:\/|$)/.test(path) ? path.replace(/^~\/*/, '') || '.' : path;
}

/** Whether the form of a path says that it is a folder: `in/`, `.`, `~` alone, on Windows `C:\rpa\`. */
export function namesFolder(path: string, serverVersion: string | undefined): boolean {
  const isWindows = driveLetter.test(path) || isWindowsServer(serverVersion);
  return /^~$|(?:^|\/)\.{1,2}$|\/$/.test(isWindows ? path.replaceAll('\\', '/') : path);
}

/** Whether a path is a root directory, a whole drive, or the login directory. */
export function isRoot(path: string): boolean {
  return /^(\.{0,2}\/?|\/[A-Za-z]:\/?)$/.test(path.replace(/\/+/g, '/'));
}

export function joinRemote(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** Windows device names: a file cannot have such a name there, whatever its extension. */
export const reserved =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])\s*(\..*)?$/i;

/** Why Windows cannot store a file under exactly this name; undefined if it can. */
export function windowsProblem(name: string): string | undefined {
  if (/[<>:"|?*\u0000-\u001f\\/]/.test(name)) return 'Windows does not allow one of its characters';
  if (/[. ]$/.test(name)) return 'Windows drops the dot or space at its end';
  if (reserved.test(name)) return 'it is the name of a Windows device';
  return undefined;
}

/**
 * The path of a new file on the server. On Windows, a device would swallow its content, and other names would be
 * changed or refer to an alternate data stream.
 *
 * @throws {TypeError} as `remotePath` does.
 * @throws {RangeError} for a name that Windows cannot store.
 */
export function newRemotePath(path: unknown, name: string, serverVersion: string | undefined): string {
  const given = remotePath(path, name, serverVersion);
  checkNewName(given, name, serverVersion);
  return given;
}

/** @throws {RangeError} if the server is Windows and cannot store the last name of the path unchanged. */
export function checkNewName(path: string, name: string, serverVersion: string | undefined): void {
  if (!isWindowsServer(serverVersion)) return;
  const last = path.slice(path.lastIndexOf('/') + 1);
  const problem = /^(?:|\.{1,2}|[A-Za-z]:)$/.test(last) ? undefined : windowsProblem(last);
  if (problem) throw wrongRange(`argument ${name}`, path, `a name that Windows takes as it is (${problem})`);
}

/**
 * Rejects a local path that Windows would treat as a device, an alternate data stream, or another name: the download
 * would be lost silently.
 *
 * @throws {RangeError}
 */
export function checkLocalName(localPath: string, platform = process.platform): void {
  if (platform !== 'win32') return;
  const name = win32.basename(localPath);
  const problem = name === '' || /^\.{1,2}$/.test(name) ? undefined : windowsProblem(name);
  if (problem) throw new RangeError(`localPath ${quoted(localPath)} is not a file's: ${problem}`);
}
