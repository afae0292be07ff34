import { openFlag } from '../../ssh2/sftp/wire.ts';
import type { BlockSource } from '../flow/block-source.ts';
import { fileSource } from '../flow/block-source.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { isRefused } from '../names/missing.ts';
import type { LocalTarget } from '../target/local-target.ts';
import { hinted } from '../transfer/hinted.ts';
import { openInUse } from '../transfer/in-use.ts';
import { transferFailed } from '../transfer/transfer-errors.ts';
import { sameBySum } from './checksum.ts';
import { differingRanges } from './compare-remote.ts';

/**
 * Checks that a remote file equals a local one: by a SHA-256 made on the server, else by reading it back.
 * @throws {TransferFailed} if they differ.
 */
export async function verifySha256(
  context: TransferContext,
  source: BlockSource,
  remotePath: string,
): Promise<void> {
  const { sftp, run } = context;
  const end = source.size;
  if (await sameBySum(context, source, remotePath, end)) return;
  const handle = await openInUse(sftp, run, () => sftp.open(remotePath, openFlag.read)).catch(noReading);
  try {
    const [first] = await differingRanges({
      sftp,
      handle,
      source,
      range: { start: 0, end },
      run,
      patience: 0,
    }).catch(noReading);
    if (first)
      throw transferFailed(
        run,
        remotePath,
        `the copies differ from byte ${first.start} on (verify: 'sha256')`,
      );
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}

/** Rethrows, with a way out, the error of a server that does not let the copy be read back. */
export function noReading(error: unknown): never {
  if (!isRefused(error)) throw error;
  throw hinted(
    error,
    "verify: 'sha256' reads the copy back where no command on the server makes its checksum; verify: 'size' does not.",
  );
}

export async function verifyDownloaded(
  context: TransferContext,
  remotePath: string,
  local: LocalTarget,
): Promise<void> {
  await verifySha256(context, await fileSource(local.file), remotePath);
}
