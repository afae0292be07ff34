import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { saysNo } from '../names/missing.ts';
import { transferFailed, wrongSize } from '../transfer/transfer-errors.ts';

/** The size of an open file by FSTAT; undefined if the server refuses to report it (a write-only inbox). */
export async function sizeOfOpen(sftp: SftpRequests, handle: SftpHandle): Promise<number | undefined> {
  return unlessRefused(async () => (await sftp.fstat(handle)).size);
}

/**
 * Checks that the copy at `path` has as many bytes as were sent: by `told` (from FSTAT), else by STAT, else by reading:
 * its last byte must exist, and none after it.
 *
 * @throws {TransferFailed} if it does not, or if none of these is possible.
 */
export async function checkRemoteSize(
  { sftp, run }: TransferContext,
  sent: { size: number; remotePath: string },
  path: string,
  told: number | undefined,
): Promise<void> {
  const { size, remotePath } = sent;
  const found = told ?? (await unlessRefused(async () => (await sftp.stat(path)).size));
  if (found === size) return;
  if (found !== undefined) throw wrongSize(run, remotePath, size, found);
  const ends = await endsAt(sftp, path, size).catch((error) => {
    if (!saysNo(error)) throw error;
    const reason = 'the server does not reveal the size of the copy';
    const hint = 'The server took every byte, but its size cannot be checked: verify: false omits the check.';
    throw transferFailed(run, remotePath, reason, error, hint);
  });
  if (!ends) throw wrongSize(run, remotePath, size, undefined);
}

async function endsAt(sftp: SftpRequests, path: string, size: number): Promise<boolean> {
  const handle = await sftp.open(path, openFlag.read);
  const has = (position: number) =>
    new Promise<boolean>((resolve, reject) => {
      sftp.read(handle, position, 1, (error, _pieces, length) =>
        error ? reject(error) : resolve(length > 0),
      );
    });
  try {
    const [last, beyond] = await Promise.all([size === 0 || has(size - 1), has(size)]);
    return last && !beyond;
  } finally {
    if (!sftp.ended) await sftp.closeHandle(handle).catch(() => {});
  }
}

/** A write-only inbox may say anything of what is in it, even that there is nothing. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (saysNo(error)) return undefined;
    throw error;
  }
}
