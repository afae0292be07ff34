import type { Stats } from 'node:fs';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { againInOrder } from '../flow/in-order.ts';
import { LaneOpener } from '../flow/lane-opener.ts';
import { Lanes } from '../flow/lanes.ts';
import { type ByteRange, Sender } from '../flow/sender.ts';
import type { TransferContext, UploadItem } from '../flow/transfer-context.ts';
import { isReadOnly, newMode, permissions } from '../names/file-mode.ts';
import { isRefused } from '../names/missing.ts';
import { giveUp } from '../target/give-up.ts';
import { closeTarget, publish, type RemoteTarget } from '../target/remote-target.ts';
import { hinted } from '../transfer/hinted.ts';
import { explain, transferFailed } from '../transfer/transfer-errors.ts';
import { checkRemoteSize, sizeOfOpen } from '../verify/remote-size.ts';
import { wholeFile } from '../verify/whole-file.ts';
import { openForUpload } from './open-for-upload.ts';

/**
 * Uploads one file. If it fails, the target is untouched (with `atomic`), and no temporary file is left (without
 * `resume`).
 */
export async function uploadFile(context: TransferContext, item: UploadItem): Promise<void> {
  const attempt = (isAgain: boolean) => uploadOnce(context, item, isAgain);
  await againInOrder(context.sftp, attempt, context.settings.resume);
}

/** `restarts`: discards what is already on the server. */
async function uploadOnce(context: TransferContext, item: UploadItem, restarts: boolean): Promise<void> {
  const { opener, sftp, run, settings, flight } = context;
  const { attributes, intoEmptyFolder } = item;
  const resumes = settings.resume && !restarts;
  const count = { moved: 0, resumed: 0 };
  let target: RemoteTarget | undefined;
  let extra: LaneOpener | undefined;
  try {
    run.throwIfFailed();
    if (resumes && (await isThere(context, item))) return;
    extra = new LaneOpener({ opener, flight, size: item.source.size, first: sftp });
    const plan = resumes
      ? await (await proofs()).planResume(context, item)
      : wholeFile(item.remotePath, item.source);
    count.resumed = plan.resumed;
    run.throwIfFailed();
    target = await openForUpload(context, plan.path, {
      ...settings,
      restart: !plan.keeps,
      complete: plan.keeps && plan.ranges.length === 0,
      mode: newMode(attributes.mode),
      intoEmptyFolder,
    });
    run.alive();
    await sendContent(context, item, target, { ranges: plan.ranges, extra, count });
    if (settings.verify === 'sha256') {
      await (await proofs()).verifySha256(context, item.source, target.writePath);
      if (settings.preserve) await preserve(sftp, settable(sftp, attributes), target.writePath);
    }
    run.throwIfFailed();
    await publish(sftp, target, run);
    await guard(context, item, target);
    run.progress.fileDone(item.name);
  } catch (error) {
    extra?.abandon();
    const explained = explain(run, { local: item.name, remote: item.remotePath }, error);
    run.progress.undo(count);
    const keeps = !settings.atomic || settings.resume;
    if (target) await giveUp(context, target, { error: explained, keeps });
    throw explained;
  }
}

const proofs = () => import('../verify/proofs.ts');

/** Whether an earlier call already completed this file, as proven by a checksum made on the server. */
async function isThere(context: TransferContext, item: UploadItem): Promise<boolean> {
  const { sftp, run } = context;
  const found = await sftp.stat(item.remotePath).catch(() => undefined);
  if (found?.size !== item.source.size) return false;
  const { sameBySum } = await proofs();
  if (!(await sameBySum(context, item.source, item.remotePath, item.source.size))) return false;
  run.progress.resumed(item.name, item.source.size);
  run.progress.fileDone(item.name);
  return true;
}

interface Sending {
  ranges: readonly ByteRange[];
  extra: LaneOpener;
  count: { moved: number };
}

async function sendContent(
  context: TransferContext,
  item: UploadItem,
  target: RemoteTarget,
  how: Sending,
): Promise<void> {
  const { run } = context;
  await run.orFail(sendRanges(context, item, target, how));
  const changed = await item.source.changed();
  if (changed) throw transferFailed(run, item.name, `${changed} while it was sent`);
}

async function sendRanges(
  context: TransferContext,
  item: UploadItem,
  target: RemoteTarget,
  { ranges, extra, count }: Sending,
): Promise<void> {
  const { sftp, run, flight } = context;
  const { source, name } = item;
  let left = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const lanes = new Lanes({ sftp, handle: target.handle });
  let finished: Promise<void> | undefined;
  const sender = new Sender({
    source,
    ranges,
    lanes,
    flight,
    pool: context.frames.pool(source.size, Math.min(sftp.maxWrite, flight.requestSize)),
    moved: (bytes) => {
      left -= bytes;
      count.moved += bytes;
      run.moved(name, bytes);
      extra.consider(left);
    },
    allSent: () => {
      // On one session OpenSSH handles requests in order, so the last ones need not wait for the writes.
      if (lanes.count === 1 && sftp.writes.order === 'free')
        finished = quietUntilAwaited(finish(context, item, target));
    },
  });
  extra.useFor(target.writePath, lanes, () => sender.wake());
  const forget = run.onFailed(() => sender.stop(run.error));
  try {
    await sender.send();
    await Promise.all([finished ?? finish(context, item, target), extra.close()]);
  } finally {
    forget();
  }
}

/** Marks a rejection as handled; the promise is awaited later. */
function quietUntilAwaited(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

/** The attributes of a local file that may be set on the remote one. */
export function attributesOf(stats: Stats): SftpAttributes {
  return {
    mode: permissions(stats.mode),
    atime: Math.max(0, Math.floor(stats.atimeMs / 1000)),
    mtime: Math.max(0, Math.floor(stats.mtimeMs / 1000)),
  };
}

/** Sets the attributes, checks the size, and closes the file, in one round trip. */
async function finish(context: TransferContext, item: UploadItem, target: RemoteTarget): Promise<void> {
  const { sftp, settings } = context;
  const attributes = setAttributes(context, item, target);
  const looked = settings.verify ? sizeOfOpen(sftp, target.handle) : undefined;
  const [found] = await Promise.all([looked, attributes, closeTarget(sftp, target)]);
  if (!settings.verify) return;
  const sent = { size: item.source.size, remotePath: item.remotePath };
  await checkRemoteSize(context, sent, target.writePath, found);
}

/** Sets the attributes of `preserve`; without it, the permissions of the replaced file, if the server allows that. */
export async function setAttributes(
  { sftp, settings }: TransferContext,
  { attributes }: Pick<UploadItem, 'attributes'>,
  target: RemoteTarget,
): Promise<void> {
  // Until it is verified, the file keeps the time of its last write: it must not look abandoned.
  if (settings.preserve) {
    if (settings.verify !== 'sha256') await preserve(sftp, settable(sftp, attributes), target);
  } else if (target.oldMode !== undefined && settings.atomic && keepsMode(sftp)) {
    await sftp.fsetstat(target.handle, { mode: permissions(target.oldMode) }).catch(() => {});
  }
}

/** Sets attributes by the handle; where that is refused, or with a path, by path. */
export async function preserve(
  sftp: SftpRequests,
  attributes: SftpAttributes,
  of: Pick<RemoteTarget, 'handle' | 'writePath'> | string,
): Promise<void> {
  try {
    if (typeof of === 'string') await sftp.setstat(of, attributes);
    else await sftp.fsetstat(of.handle, attributes);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (typeof of !== 'string') return preserve(sftp, attributes, of.writePath);
    throw hinted(error, 'Only preserve: true sets permissions and times; without it, this is not asked for.');
  }
}

function keepsMode({ windows }: SftpRequests): boolean {
  return windows?.keepsMode ?? true;
}

/** The attributes that can be set before the rename: on Windows a read-only file could not be renamed. */
function settable(sftp: SftpRequests, { mode, ...times }: SftpAttributes): SftpAttributes {
  return keepsMode(sftp) && mode !== undefined ? { mode, ...times } : times;
}

/** With `preserve` and Windows, makes the file read-only if the local one is, once it has its final name. */
export async function guard(
  { sftp, settings }: TransferContext,
  item: Pick<UploadItem, 'attributes'>,
  target: RemoteTarget,
): Promise<void> {
  const { mode } = item.attributes;
  if (settings.preserve && !keepsMode(sftp) && isReadOnly(mode))
    await sftp.setstat(target.path, { mode: 0o444 });
}
