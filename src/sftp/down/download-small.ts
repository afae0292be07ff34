import type { SftpHandle } from '../../ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { now } from '../../time/timer.ts';
import { smallFile } from '../flow/small-files.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { settleLocalPath } from '../target/local-target.ts';
import { storeSmall } from './store-small.ts';

/**
 * The short way of a file of a listing that is one read: the same requests as the long way's, without what is for blocks,
 * short replies and large files. Resolves with `false` when nothing was written and the long way knows what else to try,
 * or what to say: it could not be opened, or is not as long as it was.
 */
export async function downloadSmall(context: TransferContext, item: DownloadItem): Promise<boolean> {
  const { sftp, run } = context;
  const { remotePath, attributes, intoEmptyFolder } = item;
  if (!attributes || !isShort(context, attributes)) return false;
  const { size = 0 } = attributes;
  // A folder or device in its place is reported before anything is fetched.
  const localPath = intoEmptyFolder ? item.localPath : await settleLocalPath(item.localPath, false);
  const handle = await sftp.open(remotePath, openFlag.read).catch(() => undefined);
  if (!handle) return false;
  const content = await read(context, handle, size, (bytes) => run.moved(remotePath, bytes)).finally(() => {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  });
  if (!content) return false;
  await storeSmall(context, { ...item, localPath }, attributes, content);
  return true;
}

function isShort({ sftp, settings }: TransferContext, { size = 0 }: SftpAttributes): boolean {
  const { resume, verify } = settings;
  return !resume && verify !== 'sha256' && size > 0 && size <= smallFile && size < sftp.maxRead;
}

/** All of the file; undefined when it is not as long as it should be, which a byte more than that shows. */
function read(
  { sftp, run, flight }: TransferContext,
  handle: SftpHandle,
  size: number,
  moved: (bytes: number) => void,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    run.throwIfFailed();
    run.alive();
    const sentAt = now();
    flight.take(size + 1);
    const forget = run.onFailed(() => reject(run.error));
    sftp.read(handle, 0, size + 1, (error, pieces, got) => {
      forget();
      flight.giveBack(error ? size + 1 : 1);
      if (error) return reject(error);
      flight.answered(sentAt);
      if (!pieces || got !== size) {
        flight.giveBack(size);
        return resolve(undefined);
      }
      flight.done(size);
      moved(size);
      resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    });
  });
}
