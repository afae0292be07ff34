import { open, utimes } from 'node:fs/promises';
import type { SftpHandle } from '../ssh2/sftp-requests.ts';
import { openFlag, type SftpAttributes } from '../ssh2/sftp-wire.ts';
import { fileSource } from './block-source.ts';
import { sameBySum } from './checksum.ts';
import { fileType, permissions } from './file-mode.ts';
import { fileSink } from './file-sink.ts';
import {
  type LocalTarget,
  modeOfOld,
  openLocalTarget,
  publishLocally,
  removeLocally,
} from './local-target.ts';
import { type Received, Receiver } from './receiver.ts';
import { provenLocally } from './resume-download.ts';
import type { DownloadItem, TransferContext } from './transfer-context.ts';
import { explain, transferFailed } from './transfer-errors.ts';
import { verifyDownloaded } from './verify-sha256.ts';

/** A file whose size the server does not tell is read to its end, but not without limit. */
const mostOfUnknown = 2 ** 30;

/** Fetches one file; when it rejects, the target is untouched (with `atomic`) and no temporary file is left. */
export async function downloadFile(context: TransferContext, item: DownloadItem): Promise<void> {
  const { sftp, run, settings } = context;
  let local: LocalTarget | undefined;
  try {
    run.throwIfFailed();
    if (settings.resume && (await isThere(context, item))) return;
    const remote = await openRemote(context, item);
    if (!item.attributes) run.progress.setTotal(remote.attributes.size);
    try {
      const mode =
        remote.attributes.mode === undefined ? undefined : permissions(remote.attributes.mode) & 0o777;
      local = await openLocalTarget(item.localPath, { ...settings, mode });
      await receive(context, item, remote, local);
    } finally {
      if (!sftp.ended) void sftp.closeHandle(remote.handle).catch(() => {});
    }
    await finish(context, item, remote.attributes, local);
    run.progress.fileDone(item.remotePath);
  } catch (error) {
    if (error instanceof RemoteIsFolder) throw error;
    const explained = explain(run, item.remotePath, error);
    if (local && settings.atomic && !settings.resume) await removeLocally(local);
    else await local?.file.close().catch(() => {});
    throw explained;
  }
}

interface Remote {
  handle: SftpHandle;
  attributes: SftpAttributes;
}

/** What was to be fetched as a file is a folder. */
export class RemoteIsFolder extends Error {
  readonly attributes: SftpAttributes;

  constructor(attributes: SftpAttributes) {
    super('it is a folder, not a file');
    this.attributes = attributes;
  }
}

/** Opens and looks in one round trip. */
async function openRemote({ sftp, run }: TransferContext, item: DownloadItem): Promise<Remote> {
  const [opened, looked] = await Promise.allSettled([
    sftp.open(item.remotePath, openFlag.read),
    item.attributes ?? sftp.stat(item.remotePath),
  ]);
  run.alive();
  const handle = opened.status === 'fulfilled' ? opened.value : undefined;
  const type = looked.status === 'fulfilled' ? fileType(looked.value.mode) : undefined;
  if (handle && type === 'file' && looked.status === 'fulfilled') return { handle, attributes: looked.value };
  if (handle) await sftp.closeHandle(handle).catch(() => {});
  if (looked.status === 'rejected') throw looked.reason;
  if (type === 'directory') throw new RemoteIsFolder(looked.value);
  if (opened.status === 'rejected') throw opened.reason;
  throw transferFailed(run, item.remotePath, 'it is neither a file nor a folder');
}

/** Left over from an earlier call that got this far: nothing to do. Proven by the server's checksum alone. */
async function isThere(context: TransferContext, item: DownloadItem): Promise<boolean> {
  const { sftp, run } = context;
  const file = await open(item.localPath).catch(() => undefined);
  if (!file) return false;
  try {
    const source = await fileSource(file);
    const { size } = item.attributes ?? (await sftp.stat(item.remotePath));
    if (size !== source.size || !(await sameBySum(context, source, item.remotePath, size))) return false;
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
  local: LocalTarget,
): Promise<void> {
  const { sftp, run, settings } = context;
  const size = attributes.size;
  const known = size !== undefined && size > 0;
  const start = settings.resume && known ? await provenLocally(context, item, size, local) : 0;
  run.throwIfFailed();
  const receiver = new Receiver({
    sftp,
    handle,
    start,
    end: known ? size : mostOfUnknown,
    probe: true,
    sink: fileSink(local.file),
    flight: context.flight,
    moved: (bytes) => run.moved(item.remotePath, bytes),
  });
  const forget = run.onFailed(() => receiver.stop(run.error));
  const received = await receiver.receive().finally(forget);
  if (known) await checkEnd(context, item, handle, size, received);
  else if (received.beyond)
    throw transferFailed(run, item.remotePath, 'the server does not tell its size, and it does not end');
}

/** The file may have changed while it was read, or the server may not tell the truth. */
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
  // A file that grows, as a log does, is taken as it was at the start.
  const { size: sizeNow } = await sftp.fstat(handle);
  if (sizeNow === undefined || sizeNow <= size) {
    throw transferFailed(run, item.remotePath, `it has more than the ${size} bytes that the server tells`);
  }
}

async function finish(
  context: TransferContext,
  item: DownloadItem,
  attributes: SftpAttributes,
  local: LocalTarget,
): Promise<void> {
  const { run, settings } = context;
  if (settings.verify === 'sha256') await verifyDownloaded(context, item.remotePath, local);
  const oldMode = settings.atomic && !settings.preserve ? await modeOfOld(item.localPath) : undefined;
  const mode = settings.preserve && attributes.mode !== undefined ? permissions(attributes.mode) : oldMode;
  if (mode !== undefined) await local.file.chmod(mode);
  await local.file.close();
  const { mtime, atime } = attributes;
  if (settings.preserve && mtime !== undefined) await utimes(local.writePath, atime ?? mtime, mtime);
  run.throwIfFailed();
  await publishLocally(local, item.localPath);
}
