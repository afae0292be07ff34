import { openFlag } from '../../ssh2/sftp/wire.ts';
import type { BlockSource } from '../flow/block-source.ts';
import type { ByteRange } from '../flow/sender.ts';
import type { TransferContext, UploadItem } from '../flow/transfer-context.ts';
import { lastingTempName } from '../names/temp-name.ts';
import { settleRemotePath } from '../target/remote-target.ts';
import { openInUse } from '../transfer/in-use.ts';
import { sameBySum } from './checksum.ts';
import { differingRanges } from './compare-remote.ts';
import { type UploadPlan, wholeFile } from './whole-file.ts';

/** Bytes at the end of an interrupted upload's file that may have holes: at most what was in flight on all sessions. */
const holes = 40 * 1024 * 1024;

/**
 * The plan to complete a file that an earlier call began. The size alone proves nothing: what is there is verified by a
 * checksum made on the server, or else by reading it back. This is done before the file is opened for writing, because
 * on Windows a file open for writing cannot be read.
 */
export async function planResume(context: TransferContext, item: UploadItem): Promise<UploadPlan> {
  const { sftp, run, settings } = context;
  const { source } = item;
  const path = await settleRemotePath(sftp, item.remotePath);
  const writePath = settings.atomic ? lastingTempName(path, sftp.windows?.maxPath) : path;
  const there = await sizeOf(context, writePath);
  run.alive();
  // A longer file is not the beginning of ours.
  if (there === 0 || there > source.size) return wholeFile(path, source);
  if (settings.atomic) await markTaken(context, writePath);
  const proven = await provenByCommand(context, source, writePath, there);
  const ranges =
    proven === there ? [] : await readBack(context, item, writePath, { start: proven, end: there });
  if (there < source.size) ranges.push({ start: there, end: source.size });
  const toSend = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const resumed = source.size - toSend;
  run.progress.resumed(item.name, resumed);
  return { path, ranges, keeps: true, resumed };
}

async function sizeOf({ sftp }: TransferContext, path: string): Promise<number> {
  const { size = 0 } = await sftp.stat(path).catch(() => ({ size: 0 }));
  return size;
}

/** Sets the time of a file to resume: it must not look abandoned during a long comparison. */
async function markTaken({ sftp }: TransferContext, path: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await sftp.setstat(path, { atime: now, mtime: now }).catch(() => {});
}

/** The number of leading bytes proven by a command on the server: all, all before possible holes, or none. */
export async function provenByCommand(
  context: TransferContext,
  source: BlockSource,
  path: string,
  there: number,
): Promise<number> {
  for (const end of [there, there - holes]) {
    if (end > 0 && (await sameBySum(context, source, path, end))) return end;
  }
  return 0;
}

async function readBack(
  { sftp, run }: TransferContext,
  { source }: UploadItem,
  path: string,
  range: ByteRange,
): Promise<ByteRange[]> {
  // The session that wrote it may not have ended yet and may still have it open.
  const handle = await openInUse(sftp, run, () => sftp.open(path, openFlag.read));
  try {
    return await differingRanges({ sftp, handle, source, range, run, patience: holes });
  } finally {
    // Wait for CLOSE before the file is opened for writing.
    if (!sftp.ended) await sftp.closeHandle(handle).catch(() => {});
  }
}
