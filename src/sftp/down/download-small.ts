import type { SftpHandle } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { now } from '../../time/timer.ts';
import { smallFile, writeSmall } from '../flow/small-files.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { newMode } from '../names/file-mode.ts';
import { temporaryBeside } from '../target/local-target.ts';

/**
 * The short way of a file of a listing that is one read, into a folder that was made just now: the same requests as the
 * long way's, without what is for blocks, short replies and old files. Resolves with `false` when nothing was written
 * and the long way knows what else to try, or what to say: it could not be opened, or is not as long as it was.
 */
export async function downloadSmall(context: TransferContext, item: DownloadItem): Promise<boolean> {
  const { sftp, run, settings } = context;
  const { remotePath, localPath, attributes = {} } = item;
  const { size = 0 } = attributes;
  if (!isShort(context, item, size)) return false;
  const handle = await sftp.open(remotePath, openFlag.read).catch(() => undefined);
  if (!handle) return false;
  const content = await read(context, handle, size, (bytes) => run.moved(remotePath, bytes)).finally(() => {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  });
  if (!content) return false;
  run.throwIfFailed();
  const temporary = settings.atomic ? temporaryBeside(localPath) : undefined;
  await writeSmall(localPath, temporary, content, newMode(attributes.mode), run);
  return true;
}

function isShort({ sftp, settings }: TransferContext, item: DownloadItem, size: number): boolean {
  const { resume, verify, preserve } = settings;
  const isPlain = !resume && verify !== 'sha256' && !preserve;
  return isPlain && item.intoEmptyFolder && size > 0 && size <= smallFile && size < sftp.maxRead;
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
