import type { SftpAttributes, SftpName } from '../../ssh2/sftp/wire.ts';
import { allPermissions, fileType } from '../names/file-mode.ts';
import type { RemoteListEntry, RemoteStats } from './client-types.ts';

export function toStats(attributes: SftpAttributes): RemoteStats {
  const { size = 0, mode = 0, mtime = 0, atime = mtime, uid, gid } = attributes;
  const owner = uid === undefined || gid === undefined ? {} : { uid, gid };
  return {
    type: fileType(attributes.mode),
    size,
    mode: allPermissions(mode),
    mtime: new Date(mtime * 1000),
    atime: new Date(atime * 1000),
    ...owner,
  };
}

export function toListEntry({ name, attributes }: SftpName): RemoteListEntry {
  return { name, ...toStats(attributes) };
}
