import type { WindowsFacts } from '../../windows/versions.ts';
import { type Attributes, type FileHandle, modeType, SftpStatus, status } from '../sftp/files/filesystem.ts';

const writable = 0o200;

/** What Windows reports for a file: of the mode, only the read-only bit exists. */
export function told(attributes: Attributes): Attributes {
  const { mode = 0 } = attributes;
  const type = mode & modeType.mask;
  const permissions = type === modeType.directory ? 0o777 : mode & writable ? 0o666 : 0o444;
  return { ...attributes, uid: 0, gid: 0, mode: type | permissions };
}

export function isReadOnly({ mode = 0 }: Attributes): boolean {
  return (mode & modeType.mask) === modeType.file && (mode & writable) === 0;
}

/**
 * The part of a change that exists on Windows: read-only bit, size, times; the times of a read-only file cannot be set.
 */
export function settable(found: Attributes, { size, mode, atime, mtime }: Attributes): Attributes {
  const staysReadOnly = mode === undefined ? isReadOnly(found) : (mode & writable) === 0;
  if (mtime !== undefined && staysReadOnly) throw new SftpStatus(status.failure);
  return {
    ...(size !== undefined && { size }),
    ...(mode !== undefined && { mode: mode & writable ? 0o666 : 0o444 }),
    ...(mtime !== undefined && { mtime, ...(atime !== undefined && { atime }) }),
  };
}

/** An open file with the lengths that this version accepts and returns. */
export function windowsHandle(
  file: FileHandle,
  { maxRead, maxWrite }: WindowsFacts,
  close: () => void,
): FileHandle {
  return {
    read: (offset, length) => file.read(offset, Math.min(length, maxRead)),
    async write(offset, data) {
      await file.write(offset, data.subarray(0, maxWrite));
      if (data.length > maxWrite) throw new SftpStatus(status.failure);
    },
    stat: async () => told(await file.stat()),
    setAttributes: async (attributes) => file.setAttributes(settable(await file.stat(), attributes)),
    sync: () => file.sync(),
    async close() {
      close();
      await file.close();
    },
  };
}

/** NUL and other devices. */
export const deviceHandle: FileHandle = {
  read: () => Buffer.alloc(0),
  write: () => {},
  stat: () => ({ size: 0, mode: modeType.file | 0o666, mtime: 0 }),
  setAttributes: () => {},
  sync: () => {},
  close: () => {},
};
