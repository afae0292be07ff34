import { utimes } from 'node:fs/promises';
import type { SftpHandle } from '../ssh2/sftp-requests.ts';
import { openFlag, type SftpAttributes } from '../ssh2/sftp-wire.ts';
import { fileType, permissions } from './file-mode.ts';
import { fileSink } from './file-sink.ts';
import { Flight } from './flight.ts';
import {
  type LocalTarget,
  modeOfOld,
  openLocalTarget,
  publishLocally,
  removeLocally,
} from './local-target.ts';
import { type Received, Receiver } from './receiver.ts';
import { provenLocally } from './resume-download.ts';
import { explain, transferFailed } from './transfer-errors.ts';
import type { TransferContext } from './upload-file.ts';
import { verifyLocalSha256 } from './verify-sha256.ts';

export interface DownloadItem {
  remotePath: string;
  localPath: string;
  /** What a listing said of the file; undefined when nobody has looked yet. */
  attributes: SftpAttributes | undefined;
}

/** Bytes of one file that may be asked for and not yet stored here. */
const mostInFlight = 16 * 1024 * 1024;
const downloadStart = 4 * 1024 * 1024;
/** A file whose size the server does not tell is read to its end, but not without limit. */
const mostOfUnknown = 2 ** 30;

/** Fetches one file; when it rejects, the target is untouched (with `atomic`) and no temporary file is left. */
export async function downloadFile(context: TransferContext, item: DownloadItem): Promise<void> {
  const { sftp, run, settings } = context;
  let local: LocalTarget | undefined;
  try {
    run.throwIfFailed();
    const remote = await openRemote(context, item);
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

/** Opens and looks in one round trip. */
async function openRemote({ sftp, run }: TransferContext, item: DownloadItem): Promise<Remote> {
  const [opened, looked] = await Promise.allSettled([
    sftp.open(item.remotePath, openFlag.read),
    item.attributes ?? sftp.stat(item.remotePath),
  ]);
  run.alive();
  if (opened.status === 'rejected') throw opened.reason;
  const handle = opened.value;
  if (looked.status === 'fulfilled' && fileType(looked.value.mode) === 'file') {
    return { handle, attributes: looked.value };
  }
  await sftp.closeHandle(handle).catch(() => {});
  if (looked.status === 'rejected') throw looked.reason;
  throw transferFailed(run, item.remotePath, `it is a ${fileType(looked.value.mode)}, not a file`);
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
  const start = settings.resume && known ? await provenLocally(context, item, handle, size, local) : 0;
  run.throwIfFailed();
  const receiver = new Receiver({
    sftp,
    handle,
    start,
    end: known ? size : mostOfUnknown,
    probe: true,
    sink: fileSink(local.file.fd),
    flight: new Flight({ start: downloadStart, ceiling: mostInFlight }),
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
  if (settings.verify === 'sha256') await verifyLocalSha256(context, item, local);
  const oldMode = settings.atomic && !settings.preserve ? await modeOfOld(item.localPath) : undefined;
  const mode = settings.preserve && attributes.mode !== undefined ? permissions(attributes.mode) : oldMode;
  if (mode !== undefined) await local.file.chmod(mode);
  await local.file.close();
  const { mtime, atime } = attributes;
  if (settings.preserve && mtime !== undefined) await utimes(local.writePath, atime ?? mtime, mtime);
  run.throwIfFailed();
  await publishLocally(local, item.localPath);
}
