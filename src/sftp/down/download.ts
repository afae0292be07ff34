import type { SftpOpener } from '../../ssh2/sftp/requests.ts';
import { transfer } from '../flow/transfer.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import type { TransferOptions, TransferResult } from '../transfer/options.ts';
import { downloadFile } from './download-file.ts';
import { RemoteIsFolder } from './open-for-download.ts';
import { type PlannedDownload, planDownload } from './plan-download.ts';

const MiB = 1024 * 1024;
// Requesting more than the line carries delays other traffic, so on a long line 40 MB/s are assumed at first.
const flight = { start: 4 * MiB, startRate: 40_000, ceiling: 'receive window' as const };

/**
 * Downloads a remote file or folder to `localPath`. For a file, the local folder that will contain it must exist. The
 * content of a folder goes into the local folder `localPath`, which is created if necessary.
 *
 * @throws {TransferFailed} if it failed; `cause` says why.
 * @throws {TransferStalled} after `stallTimeout` ms without progress.
 * @throws {UnsafeRemotePath} for a remote name that cannot be stored here or would be unsafe; nothing was written.
 * @throws {ConnectionLost} if the connection was lost.
 * @throws {TypeError | RangeError} for invalid arguments.
 * @throws `signal.reason` when the signal aborts.
 */
export async function download(
  opener: SftpOpener,
  remotePath: string,
  localPath: string,
  options?: TransferOptions,
): Promise<TransferResult> {
  return downloadAsPlanned(opener, planDownload(opener.serverVersion, remotePath, localPath, options));
}

export async function downloadAsPlanned(opener: SftpOpener, plan: PlannedDownload): Promise<TransferResult> {
  const { remotePath, localPath, settings, what } = plan;
  const work = (context: TransferContext) => fetch(context, remotePath, localPath);
  return transfer(opener, { what, settings, flight, work });
}

async function fetch(context: TransferContext, remotePath: string, localPath: string): Promise<void> {
  try {
    await downloadFile(context, { remotePath, localPath, attributes: undefined, intoEmptyFolder: false });
  } catch (error) {
    if (!(error instanceof RemoteIsFolder)) throw error;
    const { downloadFolder } = await import('./download-folder.ts');
    await downloadFolder(context, remotePath, localPath, error.attributes);
  }
}
