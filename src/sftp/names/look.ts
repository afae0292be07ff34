import type { RawPath, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { isFolder, isLink, isTypeTold } from './file-mode.ts';
import { isRefused, saysMissing } from './missing.ts';
import { splitPath } from './temp-name.ts';

/** The mode assumed for a folder or link if the server reports none. */
const untold = { folder: 0o040755, link: 0o120777 } as const;

/** STAT, following links; empty attributes if the server refuses the request. */
export async function lookBehind(sftp: SftpRequests, path: string): Promise<SftpAttributes> {
  return sftp.stat(path).catch((error) => (isRefused(error) ? {} : Promise.reject(error)));
}

/**
 * STAT, following links. Where it is refused, LSTAT, unless that finds a link, because it tells nothing of the link's
 * end.
 */
export async function lookThrough(sftp: SftpRequests, path: string): Promise<SftpAttributes> {
  try {
    return await sftp.stat(path);
  } catch (error) {
    if (!isRefused(error)) throw error;
    const found = await sftp.lstat(path).catch((second) => {
      throw saysMissing(second) ? second : error;
    });
    if (isLink(found.mode)) throw error;
    return found;
  }
}

/** LSTAT, with the type determined; falls back to STAT, since some servers do not support LSTAT. */
export async function lookAtPath(sftp: SftpRequests, path: string): Promise<SftpAttributes> {
  const found = await sftp.lstat(path).catch((error) => {
    return isRefused(error) ? lookBehind(sftp, path) : Promise.reject(error);
  });
  return withType(sftp, path, found);
}

/**
 * The attributes with the type of the file. If the server does not report it, it is determined by READLINK and OPENDIR;
 * anything else counts as a file.
 */
export async function withType(
  sftp: SftpRequests,
  path: RawPath,
  attributes: SftpAttributes,
): Promise<SftpAttributes> {
  if (isTypeTold(attributes.mode)) return attributes;
  const [isLink, isFolderHere] = await Promise.all([
    succeeds(sftp.readLink(path)),
    opensAsFolder(sftp, path),
  ]);
  if (isLink) return { ...attributes, mode: untold.link };
  if (!isFolderHere) return attributes;
  // A server without READLINK may still follow links.
  return { ...attributes, mode: (await isElsewhere(sftp, path)) ? untold.link : untold.folder };
}

/** Whether a path is a folder, or a link to one. */
export async function isFolderThere(sftp: SftpRequests, path: string): Promise<boolean> {
  const found = await lookBehind(sftp, path).catch(() => undefined);
  if (!found) return false;
  return isTypeTold(found.mode) ? isFolder(found.mode) : opensAsFolder(sftp, path);
}

export async function opensAsFolder(sftp: SftpRequests, path: RawPath): Promise<boolean> {
  const handle = await sftp.opendir(path).catch(() => undefined);
  if (handle && !sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  return handle !== undefined;
}

/** Whether the real path of a folder differs from its path, so that the path is a link. */
async function isElsewhere(sftp: SftpRequests, path: RawPath): Promise<boolean> {
  if (typeof path !== 'string') return true;
  const { folder, name } = splitPath(path.replace(/(?<=[^/])\/+$/, ''));
  if (name === '' || name === '.' || name === '..') return false;
  try {
    const [above, real] = await Promise.all([sftp.realPath(folder || '.'), sftp.realPath(path)]);
    return real !== `${above.replace(/\/+$/, '')}/${name}`;
  } catch {
    return true;
  }
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
