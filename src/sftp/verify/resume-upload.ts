import { openFlag } from '../../ssh2/sftp/wire.ts';
import type { BlockSource } from '../flow/block-source.ts';
import type { ByteRange } from '../flow/sender.ts';
import type { TransferContext, UploadItem } from '../flow/transfer-context.ts';
import { lastingTempName } from '../names/temp-name.ts';
import { settleRemotePath } from '../target/remote-target.ts';
import { openInUse } from '../transfer/in-use.ts';
import { sameBySum } from './checksum.ts';
import { differingRanges } from './compare-remote.ts';

/** A transfer that died leaves holes at the end of its file, no wider than what was under way on all its sessions. */
const holes = 40 * 1024 * 1024;

interface UploadPlan {
  /** The path that is replaced, with links followed if they have been resolved. */
  path: string;
  /** What is to be sent. */
  ranges: ByteRange[];
  /** Whether anything of what is there is kept. */
  keeps: boolean;
  /** Bytes that are kept. */
  resumed: number;
}

/** All of a file is to be sent. */
export function wholeFile(path: string, { size }: BlockSource): UploadPlan {
  return { path, ranges: [{ start: 0, end: size }], keeps: false, resumed: 0 };
}

/**
 * What is still to be sent of a file that an earlier call began. The size alone proves nothing: a checksum of all
 * that is there, made by the server, or else every block read back and compared. All this before the file is opened
 * to be written: on Windows a file that is open for writing cannot be read.
 */
export async function planResume(context: TransferContext, item: UploadItem): Promise<UploadPlan> {
  const { sftp, run, settings } = context;
  const { source } = item;
  const path = await settleRemotePath(sftp, item.remotePath);
  const writePath = settings.atomic ? lastingTempName(path, sftp.windows?.maxPath) : path;
  const there = await sizeOf(context, writePath);
  run.alive();
  // Anything longer is not the beginning of our file.
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

/** An old file that is taken up must not look abandoned while it is compared, which may take long. */
async function markTaken({ sftp }: TransferContext, path: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await sftp.setstat(path, { atime: now, mtime: now }).catch(() => {});
}

/** How many bytes from the start a command on the server proves: all that is there, or all before the holes, or none. */
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
  // The session that wrote it may not have ended yet, and holds it.
  const handle = await openInUse(sftp, run, () => sftp.open(path, openFlag.read));
  try {
    return await differingRanges({ sftp, handle, source, range, run, patience: holes });
  } finally {
    // Before the file is opened again.
    if (!sftp.ended) await sftp.closeHandle(handle).catch(() => {});
  }
}
