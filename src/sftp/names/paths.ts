import { win32 } from 'node:path';
import { checkText } from '../../check/values.ts';
import { wrongRange } from '../../check/wrong.ts';
import { UnsafeRemotePath } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import type { RawPath } from '../../ssh2/sftp/requests.ts';
import type { SftpName } from '../../ssh2/sftp/wire.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import { printable, quoted } from '../../text/printable.ts';

const driveLetter = /^\/?[A-Za-z]:(?=[\\/]|$)/;

/**
 * A remote path as the server expects it. On a Windows PC `C:\rpa\in.json`, `C:/rpa/in.json` and `/C:/rpa/in.json`
 * are the same; a drive letter means a Windows PC even if the server does not say so. `~/x` is `x`: SFTP starts in
 * the login folder and has no `~`.
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

/** Whether a path is a folder's by its writing: `in/`, `~`, on Windows `C:\\rpa\\`. */
export function namesFolder(path: string, serverVersion: string | undefined): boolean {
  const isWindows = driveLetter.test(path) || isWindowsServer(serverVersion);
  return /(?:^|\/)(?:\.{1,2}|~)$|\/$/.test(isWindows ? path.replaceAll('\\', '/') : path);
}

/** The whole of a disk, or the folder of the login. */
export function isRoot(path: string): boolean {
  return /^(\.{0,2}\/?|\/[A-Za-z]:\/?)$/.test(path.replace(/\/+/g, '/'));
}

export function joinRemote(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** The same for an entry of a listing: in bytes where a name is not UTF-8. */
export function joinRaw(folder: RawPath, { raw, name }: Pick<SftpName, 'raw' | 'name'>): RawPath {
  if (typeof folder === 'string' && Buffer.from(name).equals(raw)) return joinRemote(folder, name);
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), raw]);
}

/** Devices of Windows: a file of such a name cannot exist there, whatever its ending. */
const reserved =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])\s*(\..*)?$/i;
const maxNameBytes = 255;

/** Why a name cannot be used as it is for a file of a Windows machine; undefined when it can. */
export function windowsProblem(name: string): string | undefined {
  if (/[<>:"|?*\u0000-\u001f\\/]/.test(name)) return 'Windows does not allow one of its characters';
  if (/[. ]$/.test(name)) return 'Windows drops the dot or space at its end';
  if (reserved.test(name)) return 'it is the name of a Windows device';
  return undefined;
}

/**
 * For a new file on the server. On Windows a device would swallow it, and other names would be changed or lead to a
 * stream of another file. @throws RangeError for such a name.
 */
export function newRemotePath(path: unknown, name: string, serverVersion: string | undefined): string {
  const given = remotePath(path, name, serverVersion);
  checkNewName(given, name, serverVersion);
  return given;
}

/** @throws RangeError when a Windows server would not take the name at the end of a path as it is. */
export function checkNewName(path: string, name: string, serverVersion: string | undefined): void {
  if (!isWindowsServer(serverVersion)) return;
  const last = path.slice(path.lastIndexOf('/') + 1);
  const problem = /^(?:|\.{1,2}|[A-Za-z]:)$/.test(last) ? undefined : windowsProblem(last);
  if (problem) throw wrongRange(`argument ${name}`, path, `a name that Windows takes as it is (${problem})`);
}

/**
 * Refuses a local path that Windows would take for a device, a stream, or another name: the download would silently
 * be lost. Throws `RangeError`.
 */
export function checkLocalName(localPath: string, platform = process.platform): void {
  if (platform !== 'win32') return;
  const name = win32.basename(localPath);
  const problem = name === '' || /^\.{1,2}$/.test(name) ? undefined : windowsProblem(name);
  if (problem) throw new RangeError(`localPath ${quoted(localPath)} is not a file's: ${problem}`);
}

/** Why a name in a listing would lead out of its folder on the server itself; undefined when it does not. */
export function strayProblem(name: string, isWindows: boolean): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it leads out of the folder';
  if (name.includes('\0')) return 'it contains a NUL character';
  return (isWindows ? /[\\/]/ : /\//).test(name) ? 'it contains a path' : undefined;
}

/** Why a name that a server sent must not become the name of a file here; undefined when it may. */
export function nameProblem(raw: Buffer, name: string, platform = process.platform): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it leads out of the folder';
  if (name.includes('\0')) return 'it contains a NUL character';
  if (/[\\/]/.test(name)) return 'it contains a path';
  if (/^[A-Za-z]:/.test(name)) return 'it begins with a drive letter';
  if (raw.length > maxNameBytes) return `it is longer than ${maxNameBytes} bytes`;
  if (!Buffer.from(name).equals(raw)) return 'it is not valid UTF-8';
  if (reserved.test(name)) return 'it is the name of a Windows device';
  return platform === 'win32' ? windowsProblem(name) : undefined;
}

export function unsafe(where: Where, path: string, reason: string): UnsafeRemotePath {
  return new UnsafeRemotePath(
    `The name ${quoted(path)} from ${where.host}:${where.port} was refused: ${reason}`,
    {
      ...where,
      phase: 'transfer',
      path: printable(path),
      reason,
    },
  );
}
