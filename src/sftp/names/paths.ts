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

/** Whether the form of a path says that it is a folder: `in/`, `~`, on Windows `C:\rpa\`. */
export function namesFolder(path: string, serverVersion: string | undefined): boolean {
  const isWindows = driveLetter.test(path) || isWindowsServer(serverVersion);
  return /(?:^|\/)(?:\.{1,2}|~)$|\/$/.test(isWindows ? path.replaceAll('\\', '/') : path);
}

/** Whether a path is a root directory, a whole drive, or the login directory. */
export function isRoot(path: string): boolean {
  return /^(\.{0,2}\/?|\/[A-Za-z]:\/?)$/.test(path.replace(/\/+/g, '/'));
}

export function joinRemote(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** Like `joinRemote`, for an entry of a listing; as bytes if a name is not valid UTF-8. */
export function joinRaw(folder: RawPath, { raw, name }: Pick<SftpName, 'raw' | 'name'>): RawPath {
  if (typeof folder === 'string' && Buffer.from(name).equals(raw)) return joinRemote(folder, name);
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), raw]);
}

/** Windows device names: a file cannot have such a name there, whatever its extension. */
const reserved =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])\s*(\..*)?$/i;
const maxNameBytes = 255;

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

/** Why a listed name would lead out of its folder on the server; undefined if it does not. */
export function strayProblem(name: string, isWindows: boolean): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return 'it leads out of the folder';
  if (name.includes('\0')) return 'it contains a NUL character';
  return (isWindows ? /[\\/]/ : /\//).test(name) ? 'it contains a path' : undefined;
}

/** Why a name sent by a server must not become the name of a local file; undefined if it may. */
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
