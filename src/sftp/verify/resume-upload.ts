import { openFlag } from '../../ssh2/sftp/wire.ts';
import type { BlockSource } from '../flow/block-source.ts';
import type { Range } from '../flow/sender.ts';
import type { TransferContext, UploadItem } from '../flow/transfer-context.ts';
import type { RemoteTarget } from '../target/remote-target.ts';
import { sameBySum } from './checksum.ts';
import { differingRanges } from './compare-remote.ts';

/** A transfer that died leaves holes at the end of its file, no wider than what was under way on all its sessions. */
const holes = 40 * 1024 * 1024;

/**
 * What is still to be sent of a file that an earlier call began. Nothing is believed from the size alone: a checksum
 * of all that is there, made by the server, or else every block read back and compared.
 */
export async function planResume(
  context: TransferContext,
  item: UploadItem,
  target: RemoteTarget,
): Promise<Range[]> {
  const { sftp, run } = context;
  const { source } = item;
  const [{ size: there = 0 }] = await Promise.all([sftp.fstat(target.handle), markTaken(context, target)]);
  if (there === 0) return [{ start: 0, end: source.size }];
  if (there > source.size) {
    // Whatever this was, it is not a beginning of our file.
    await sftp.fsetstat(target.handle, { size: 0 });
    return [{ start: 0, end: source.size }];
  }
  const { writePath } = target;
  const proven = await provenByCommand(context, source, writePath, there);
  const ranges = proven === there ? [] : await readBack(context, item, target, { start: proven, end: there });
  if (there < source.size) ranges.push({ start: there, end: source.size });
  const toSend = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  run.progress.resumed(item.name, source.size - toSend);
  return ranges;
}

/** An old file that is taken up must not look abandoned while it is compared, which may take long. */
async function markTaken({ sftp, settings }: TransferContext, { handle }: RemoteTarget): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  if (settings.atomic) await sftp.fsetstat(handle, { atime: now, mtime: now }).catch(() => {});
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
  target: RemoteTarget,
  range: Range,
): Promise<Range[]> {
  const handle = await sftp.open(target.writePath, openFlag.read);
  try {
    return await differingRanges({ sftp, handle, source, range, run, patience: holes });
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}
