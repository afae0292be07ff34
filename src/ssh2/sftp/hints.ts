import type { WindowsFacts } from '../../windows/versions.ts';
import { statusCode } from './wire.ts';

const badMessage = 5;

/** The most likely cause of a refusal, in plain words. */
export function hintFor(
  status: number,
  path: string | undefined,
  windows: WindowsFacts | undefined,
): string | undefined {
  if (windows) return windowsHint(status, path, windows);
  if (status === statusCode.permissionDenied)
    return 'The account may not do this: look at the owner and the mode of the path and its folder.';
  if (status === statusCode.failure)
    return 'OpenSSH says no more than this: the name exists, the folder is not empty, the disk is full, or the file is in use.';
  if (status === statusCode.unsupported) return unknownOperation;
  return undefined;
}

const unknownOperation = 'This server does not know the operation.';

function windowsHint(
  status: number,
  path: string | undefined,
  { maxPath }: WindowsFacts,
): string | undefined {
  const length = path?.replace(/^\/(?=[A-Za-z]:)/, '').length ?? 0;
  if (length > maxPath && status !== statusCode.unsupported)
    return `The path is too long: it has ${length} characters, and Windows takes ${maxPath} unless LongPathsEnabled is set there.`;
  if (status === statusCode.permissionDenied)
    return 'The file is read-only or open in another program, or its access list does not let the account do this (icacls shows it).';
  if (status === statusCode.failure)
    return 'Most often the file is open in another program; else the name exists, the folder is not empty, or the disk is full.';
  if (status === badMessage) return 'Windows does not take this name or path.';
  return status === statusCode.unsupported ? unknownOperation : undefined;
}
