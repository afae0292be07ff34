import type { WriteData } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { now } from '../../time/timer.ts';
import { mayBeOrder } from '../flow/in-order.ts';
import type { TransferContext, UploadItem } from '../flow/transfer-context.ts';
import { newMode } from '../names/file-mode.ts';
import { lastingTempName } from '../names/temp-name.ts';
import { closeTarget, publish, type RemoteTarget, removeTarget } from '../target/remote-target.ts';
import { explain } from '../transfer/transfer-errors.ts';
import { checkRemoteSize, sizeOfOpen } from '../verify/remote-size.ts';
import { openForUpload } from './open-for-upload.ts';
import { guard, setAttributes } from './upload-file.ts';

type SmallItem = Omit<UploadItem, 'source'>;

/**
 * The short way of a file that is one write: the same requests as the long way's, without what is for blocks and
 * sessions, and for old files where the folder was made just now. Resolves with `false` when nothing is there of it and
 * the long way knows what else to try, or what to say. Rejects as that one does.
 */
export async function uploadSmall(
  context: TransferContext,
  item: SmallItem,
  small: WriteData,
): Promise<boolean> {
  if (!isShort(context, small)) return false;
  const { sftp, run } = context;
  const target = await open(context, item);
  if (!target) return false;
  const count = { moved: 0, resumed: 0 };
  try {
    run.throwIfFailed();
    run.alive();
    await fill(context, item, target, small, count);
    run.throwIfFailed();
    await publish(sftp, target, run);
    if (context.settings.preserve) await guard(context, item, target);
    run.progress.fileDone(item.name);
    return true;
  } catch (error) {
    const explained = explain(run, { local: item.name, remote: item.remotePath }, error);
    run.progress.undo(count);
    await removeTarget(sftp, target);
    if (mayBeOrder(sftp, error)) return false;
    throw explained;
  }
}

function isShort({ sftp, settings }: TransferContext, { length }: WriteData): boolean {
  const { atomic, resume, verify } = settings;
  return atomic && !resume && verify !== 'sha256' && length > 0 && length <= sftp.maxWrite;
}

async function open(context: TransferContext, item: SmallItem): Promise<RemoteTarget | undefined> {
  const { sftp, settings } = context;
  const { remotePath: path, intoEmptyFolder } = item;
  const mode = newMode(item.attributes.mode);
  if (!intoEmptyFolder) return openForUpload(context, path, { ...settings, mode, intoEmptyFolder });
  const writePath = lastingTempName(path, sftp.windows?.maxPath);
  const flags = openFlag.write | openFlag.create | openFlag.exclusive;
  const handle = await sftp.open(writePath, flags, mode === undefined ? {} : { mode }).catch(() => undefined);
  return handle && { path, writePath, handle, closed: false, oldMode: undefined };
}

/** Writes, looks at the size, sets what is to be set and closes. OpenSSH takes it all in its order: one round trip. Others finish the write first. */
async function fill(
  context: TransferContext,
  item: SmallItem,
  target: RemoteTarget,
  small: WriteData,
  count: { moved: number },
): Promise<void> {
  const { sftp, settings } = context;
  const written = write(context, item, target, small, count);
  if (sftp.writes.order !== 'free') await written;
  const looked = settings.verify ? sizeOfOpen(sftp, target.handle) : undefined;
  const set = needsAttributes(context, target) ? setAttributes(context, item, target) : undefined;
  const [found] = await Promise.all([looked, written, set, closeTarget(sftp, target)]);
  const sent = { size: small.length, remotePath: item.remotePath };
  if (settings.verify && found !== sent.size) await checkRemoteSize(context, sent, target.writePath, found);
}

function needsAttributes({ settings }: TransferContext, { oldMode }: RemoteTarget): boolean {
  return settings.preserve || oldMode !== undefined;
}

function write(
  { sftp, run, flight }: TransferContext,
  { name }: SmallItem,
  { handle }: RemoteTarget,
  data: WriteData,
  count: { moved: number },
): Promise<void> {
  const sentAt = now();
  const { length } = data;
  flight.take(length);
  return new Promise((resolve, reject) => {
    sftp.write(handle, 0, data, (error) => {
      if (error) {
        flight.giveBack(length);
        return reject(error);
      }
      flight.answered(sentAt);
      flight.done(length);
      count.moved = length;
      run.moved(name, length);
      resolve();
    });
  });
}
