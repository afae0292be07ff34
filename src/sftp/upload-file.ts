import { type SftpOpener, type SftpRequests, writeHeadroom } from '../ssh2/sftp-requests.ts';
import type { SftpAttributes } from '../ssh2/sftp-wire.ts';
import type { BlockSource } from './block-source.ts';
import { permissions } from './file-mode.ts';
import { Flight } from './flight.ts';
import { dataOf } from './frames.ts';
import { LaneOpener } from './lane-opener.ts';
import { Lanes, laneCapacity } from './lanes.ts';
import type { TransferSettings } from './options.ts';
import { closeTarget, openTarget, publish, type RemoteTarget, removeTarget } from './remote-target.ts';
import { planResume } from './resume-upload.ts';
import type { TransferRun } from './run.ts';
import { type Range, Sender } from './sender.ts';
import { explain, transferFailed, wrongSize } from './transfer-errors.ts';
import { verifyRemoteSha256 } from './verify-sha256.ts';

export interface TransferContext {
  opener: SftpOpener;
  sftp: SftpRequests;
  run: TransferRun;
  settings: TransferSettings;
}

export interface UploadItem {
  /** For messages and progress. */
  name: string;
  source: BlockSource;
  remotePath: string;
  /** Of the local file; mode only for a new file, both with `preserve`. */
  attributes: SftpAttributes;
  /** The folder was made by this transfer: nothing can be in the way. */
  intoEmptyFolder: boolean;
}

/** Sends one file; when it rejects, the target is untouched (with `atomic`) and no temporary file is left. */
export async function uploadFile(context: TransferContext, item: UploadItem): Promise<void> {
  const { sftp, run, settings } = context;
  const { attributes, intoEmptyFolder } = item;
  let target: RemoteTarget | undefined;
  try {
    run.throwIfFailed();
    target = await openTarget(sftp, item.remotePath, { ...settings, mode: attributes.mode, intoEmptyFolder });
    run.alive();
    run.throwIfFailed();
    await sendContent(context, item, target);
    if (settings.verify === 'sha256') await verifyRemoteSha256(context, item, target.writePath);
    run.throwIfFailed();
    await publish(sftp, target);
    run.progress.fileDone(item.name);
  } catch (error) {
    const explained = explain(run, item.name, error);
    if (target && settings.atomic && !settings.resume) await removeTarget(sftp, target);
    else if (target && !sftp.ended) await closeTarget(sftp, target).catch(() => {});
    throw explained;
  }
}

async function sendContent(context: TransferContext, item: UploadItem, target: RemoteTarget): Promise<void> {
  const { sftp, settings } = context;
  const { source } = item;
  if (source.size <= sftp.maxWrite && !settings.resume) {
    await sendSmall(context, item, target);
    return;
  }
  const ranges = settings.resume ? await planResume(context, item, target) : [{ start: 0, end: source.size }];
  await sendRanges(context, item, target, ranges);
  await finish(context, item, target);
}

/** One block: the write, the attributes, the check and the close leave together. */
async function sendSmall(context: TransferContext, item: UploadItem, target: RemoteTarget): Promise<void> {
  const { sftp, run } = context;
  const { size } = item.source;
  const frame = Buffer.allocUnsafe(writeHeadroom + size);
  await fill(item.source, dataOf(frame, size));
  const written = new Promise<void>((resolve, reject) => {
    if (size === 0) return resolve();
    const data = { buffer: frame, start: writeHeadroom, length: size };
    sftp.write(target.handle, 0, data, (error) => (error ? reject(error) : resolve()));
  });
  await run.orFail(Promise.all([written, finish(context, item, target)]));
  run.moved(item.name, size);
}

async function fill(source: BlockSource, view: Buffer): Promise<void> {
  for (let at = 0; at < view.length; ) {
    at += await new Promise<number>((resolve, reject) => {
      source.readInto([view.subarray(at)], at, (error, bytes) => {
        if (error) reject(error);
        else if (bytes === 0) reject(new Error(`it ended at byte ${at}, before its end was sent`));
        else resolve(bytes);
      });
    });
  }
}

async function sendRanges(
  context: TransferContext,
  item: UploadItem,
  target: RemoteTarget,
  ranges: readonly Range[],
): Promise<void> {
  const { opener, sftp, run } = context;
  const flight = new Flight(laneCapacity);
  const lanes = new Lanes({ sftp, handle: target.handle });
  const extra = new LaneOpener(opener, lanes, flight, target.writePath);
  let left = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const moved = (bytes: number) => {
    left -= bytes;
    run.moved(item.name, bytes);
    extra.consider(left);
  };
  const sender = new Sender({ source: item.source, ranges, lanes, flight, blockSize: sftp.maxWrite, moved });
  const forget = run.onFailed(() => sender.stop(run.error));
  try {
    await sender.send();
  } finally {
    forget();
    await extra.close();
  }
}

/** Sets what is to be set, looks at the size, and closes: in one round trip. */
async function finish(context: TransferContext, item: UploadItem, target: RemoteTarget): Promise<void> {
  const { sftp, run, settings } = context;
  const attributes = setAttributes(context, item, target);
  const size = settings.verify ? sftp.fstat(target.handle) : undefined;
  await Promise.all([attributes, closeTarget(sftp, target), size]);
  const found = await size;
  if (found && found.size !== item.source.size) {
    throw wrongSize(run, item.remotePath, item.source.size, found.size);
  }
  const changed = await item.source.changed();
  if (changed) throw transferFailed(run, item.name, `${changed} while it was sent`);
}

/** Without `preserve` a file that replaces another one keeps the other's permissions, where the server lets it. */
async function setAttributes(
  { sftp, settings }: TransferContext,
  { attributes }: UploadItem,
  target: RemoteTarget,
): Promise<void> {
  if (settings.preserve) await sftp.fsetstat(target.handle, attributes);
  else if (target.oldMode !== undefined && settings.atomic) {
    await sftp.fsetstat(target.handle, { mode: permissions(target.oldMode) }).catch(() => {});
  }
}
