import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toRead } from '../../files/own-file.ts';
import type { SftpHandle } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { quoted } from '../../text/printable.ts';
import { fileSource } from '../flow/block-source.ts';
import { fileSink } from '../flow/file-sink.ts';
import { orderedSink } from '../flow/ordered-sink.ts';
import { type BlockSink, type Received, Receiver } from '../flow/receiver.ts';
import { smallFile } from '../flow/small-files.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { newMode } from '../names/file-mode.ts';
import {
  type LocalTarget,
  modeOfOld,
  openLocalTarget,
  publishLocally,
  removeLocally,
  settleLocalPath,
} from '../target/local-target.ts';
import { explain, transferFailed } from '../transfer/transfer-errors.ts';
import { openForDownload, type Remote, RemoteIsFolder } from './open-for-download.ts';
import { preserve, storeSmall } from './store-small.ts';

/** Limit in bytes for a file whose size the server does not report, which is read to its end. */
const mostOfUnknown = 2 ** 30;

/**
 * Downloads one file. If it fails, the target is untouched (with `atomic`), and no temporary file is left (without
 * `resume`).
 */
export async function downloadFile(context: TransferContext, item: DownloadItem): Promise<void> {
  const { run, settings } = context;
  try {
    run.throwIfFailed();
    if (settings.resume && (await isThere(context, item))) return;
    await downloadAny(context, item);
    run.isOneFile = item.attributes === undefined;
    run.placed();
    run.progress.fileDone(item.remotePath);
  } catch (error) {
    throw await problemOf(context, item, error);
  }
}

/** The error to report to the caller. */
export async function problemOf(
  { run }: TransferContext,
  item: DownloadItem,
  error: unknown,
): Promise<unknown> {
  if (error instanceof RemoteIsFolder) return error;
  if (!run.failed && (await isFolderMissing(item, error))) {
    const reason = `its folder ${quoted(dirname(item.localPath))} does not exist here`;
    return transferFailed(run, item.localPath, reason, error);
  }
  return explain(run, { local: item.localPath, remote: item.remotePath }, error);
}

async function downloadAny(context: TransferContext, item: DownloadItem): Promise<void> {
  const remote = await openForDownload(context, item);
  if (!item.attributes) context.run.progress.setTotal(remote.attributes.size);
  const settled = await settle(context, item, remote);
  if (isSmall(context, remote)) await fetchSmall(context, settled, remote);
  else await fetchBig(context, settled, remote);
}

async function isFolderMissing({ localPath }: DownloadItem, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false;
  return stat(dirname(localPath)).then(
    () => false,
    () => true,
  );
}

/** The item with its local path resolved: links followed, folders and devices rejected. */
async function settle(context: TransferContext, item: DownloadItem, remote: Remote): Promise<DownloadItem> {
  if (item.intoEmptyFolder) return item;
  try {
    return { ...item, localPath: await settleLocalPath(item.localPath, item.attributes === undefined) };
  } catch (error) {
    if (!context.sftp.ended) void context.sftp.closeHandle(remote.handle).catch(() => {});
    throw error;
  }
}

function isSmall({ settings }: TransferContext, { attributes: { size = 0 } }: Remote): boolean {
  return size > 0 && size <= smallFile && !settings.resume && settings.verify !== 'sha256';
}

/** No local file is created before the whole content has arrived. */
async function fetchSmall(context: TransferContext, item: DownloadItem, remote: Remote): Promise<void> {
  const pieces: Buffer[] = [];
  const sink = orderedSink(0, (some, done) => {
    pieces.push(...some);
    done();
  });
  await closing(context, remote, () => receive(context, item, remote, { start: 0, sink }));
  await new Promise<void>((resolve, reject) =>
    storeSmall(context, item, remote.attributes, Buffer.concat(pieces), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

async function fetchBig(context: TransferContext, item: DownloadItem, remote: Remote): Promise<void> {
  const { settings } = context;
  const { attributes } = remote;
  let local: LocalTarget | undefined;
  try {
    local = await closing(context, remote, async () => {
      const target = await openLocalTarget(item.localPath, {
        ...settings,
        mode: newMode(attributes.mode),
        run: context.run,
      });
      local = target;
      const start = settings.resume
        ? await (await proofs()).provenLocally(context, item, attributes.size ?? 0, target)
        : 0;
      await receive(context, item, remote, { start, sink: fileSink(target.file) });
      return target;
    });
    await finish(context, item, attributes, local);
  } catch (error) {
    if (local && settings.atomic && !settings.resume) await removeLocally(local);
    else await local?.file.close().catch(() => {});
    throw error;
  }
}

async function closing<T>({ sftp }: TransferContext, { handle }: Remote, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}

const proofs = () => import('../verify/proofs.ts');

/** Whether an earlier call already completed this file, as proven by a checksum made on the server. */
async function isThere(context: TransferContext, item: DownloadItem): Promise<boolean> {
  const { sftp, run } = context;
  // A device is not even to be opened.
  const found = await stat(item.localPath).catch(() => undefined);
  const file = found?.isFile() ? await open(item.localPath, toRead).catch(() => undefined) : undefined;
  if (!file) return false;
  try {
    const source = await fileSource(file);
    const { size } = item.attributes ?? (await sftp.stat(item.remotePath));
    if (size !== source.size) return false;
    const { sameBySum } = await proofs();
    if (!(await sameBySum(context, source, item.remotePath, size))) return false;
    run.progress.resumed(item.remotePath, size);
    run.progress.fileDone(item.remotePath);
    return true;
  } finally {
    await file.close();
  }
}

async function receive(
  context: TransferContext,
  item: DownloadItem,
  { handle, attributes }: Remote,
  { start, sink }: { start: number; sink: BlockSink },
): Promise<void> {
  const { sftp, run, flight } = context;
  const { size = 0 } = attributes;
  const isKnown = size > 0;
  run.throwIfFailed();
  const moved = (bytes: number) => run.moved(item.remotePath, bytes);
  const end = isKnown ? size : mostOfUnknown;
  const receiver = new Receiver({ sftp, handle, start, end, probe: true, sink, flight, moved });
  const forget = run.onFailed(() => receiver.stop(run.error));
  const received = await receiver.receive().finally(forget);
  if (isKnown) return checkEnd(context, item, handle, size, received);
  if (received.beyond) {
    throw transferFailed(run, item.remotePath, 'the server does not report its size, and it does not end');
  }
}

/** Detects a file that changed while it was read, or a server that reported a wrong size. */
async function checkEnd(
  { sftp, run }: TransferContext,
  item: DownloadItem,
  handle: SftpHandle,
  size: number,
  { end, beyond }: Received,
): Promise<void> {
  if (end < size) {
    throw transferFailed(
      run,
      item.remotePath,
      `it ended at byte ${end}, but the server said that it has ${size}`,
    );
  }
  if (!beyond) return;
  // A file that has grown, such as a log, is downloaded up to its size at the start.
  const { size: sizeNow } = await sftp.fstat(handle);
  if (sizeNow === undefined || sizeNow <= size) {
    throw transferFailed(run, item.remotePath, `it has more than the ${size} bytes that the server reported`);
  }
}

async function finish(
  context: TransferContext,
  item: DownloadItem,
  attributes: SftpAttributes,
  local: LocalTarget,
): Promise<void> {
  const { run, settings } = context;
  if (settings.verify === 'sha256') await (await proofs()).verifyDownloaded(context, item.remotePath, local);
  const old = settings.atomic && !settings.preserve ? await modeOfOld(item.localPath) : undefined;
  if (old !== undefined) await local.file.chmod(old);
  await local.file.close();
  if (settings.preserve) await preserve(local.writePath, attributes);
  run.throwIfFailed();
  await publishLocally(local, item.localPath, run);
}
