import { UnsafeRemotePath } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import type { RawPath } from '../../ssh2/sftp/requests.ts';
import type { SftpName } from '../../ssh2/sftp/wire.ts';
import { printable, quoted } from '../../text/printable.ts';
import { joinRemote, reserved, windowsProblem } from './paths.ts';

const maxNameBytes = 255;

/** Like `joinRemote`, for an entry of a listing; as bytes if a name is not valid UTF-8. */
export function joinRaw(folder: RawPath, { raw, name }: Pick<SftpName, 'raw' | 'name'>): RawPath {
  if (typeof folder === 'string' && Buffer.from(name).equals(raw)) return joinRemote(folder, name);
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), raw]);
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
  const stray = strayProblem(name, true);
  if (stray !== undefined) return stray;
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
