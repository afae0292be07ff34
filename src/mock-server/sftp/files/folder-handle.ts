import type { FileHandle as NodeHandle } from 'node:fs/promises';
import { type FileHandle, SftpStatus, status } from './filesystem.ts';
import { attributes } from './folder-attributes.ts';

/** System errors, and the status that OpenSSH sends for each. */
const statusOf: Record<string, number> = {
  ENOENT: status.noSuchFile,
  ENOTDIR: status.noSuchFile,
  EBADF: status.noSuchFile,
  ELOOP: status.noSuchFile,
  EPERM: status.permissionDenied,
  EACCES: status.permissionDenied,
  ENAMETOOLONG: status.badMessage,
  EINVAL: status.badMessage,
};

/** Runs `action`; a system error becomes the status that OpenSSH would send. */
export async function withStatus<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SftpStatus) throw error;
    throw new SftpStatus(statusOf[(error as NodeJS.ErrnoException).code ?? ''] ?? status.failure);
  }
}

/** An open file in a folder. */
export function folderHandle(file: NodeHandle): FileHandle {
  return {
    read: (offset, length) =>
      withStatus(async () => {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      }),
    write: (offset, data) =>
      withStatus(async () => {
        for (let done = 0; done < data.length; )
          done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
      }),
    stat: () => withStatus(async () => attributes(await file.stat())),
    setAttributes: ({ size, mode, atime, mtime, uid, gid }) =>
      withStatus(async () => {
        if (size !== undefined) await file.truncate(size);
        if (mode !== undefined) await file.chmod(mode & 0o7777);
        if (uid !== undefined && gid !== undefined) await file.chown(uid, gid);
        if (mtime !== undefined) await file.utimes(atime ?? mtime, mtime);
      }),
    sync: () => withStatus(() => file.sync()),
    close: () => withStatus(() => file.close()),
  };
}
