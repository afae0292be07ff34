import { checkArgument } from '../../check/options.ts';
import { text } from '../../check/values.ts';
import type { SftpOpener } from '../../ssh2/sftp/requests.ts';
import { quoted } from '../../text/printable.ts';
import { transfer } from '../flow/transfer.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { checkLocalName, remotePath as readRemotePath } from '../names/paths.ts';
import { readTransferOptions, type TransferOptions, type TransferResult } from '../transfer/options.ts';
import { downloadFile } from './download-file.ts';
import { downloadFolder } from './download-folder.ts';
import { RemoteIsFolder } from './open-for-download.ts';

const MiB = 1024 * 1024;
// Asking for more than the line carries delays others on it, so a long one is taken for 40 MB/s at first.
const flight = { start: 4 * MiB, startRate: 40_000, ceiling: 'receive window' as const };

/**
 * Fetches a remote file or folder to `localPath`. The folder in which a file is put must exist; a folder's content
 * goes into the local folder of that name, which is made if need be.
 *
 * Rejects with `TransferFailed` (`cause` says why), `TransferStalled`, `ConnectionLost`, `UnsafeRemotePath` (a name
 * that must not or cannot be stored here; nothing was written) or `signal.reason`; wrong arguments are `TypeError` or
 * `RangeError`.
 */
export async function download(
  opener: SftpOpener,
  remotePath: string,
  localPath: string,
  options?: TransferOptions,
): Promise<TransferResult> {
  const settings = readTransferOptions(options);
  const path = readRemotePath(remotePath, 'remotePath', opener.serverVersion);
  checkArgument('localPath', localPath, text('a path on this machine'));
  checkLocalName(localPath);
  const what = `download of ${quoted(path)} to ${quoted(localPath)}`;
  const work = (context: TransferContext) => fetch(context, path, localPath);
  return transfer(opener, { what, settings, flight, work });
}

async function fetch(context: TransferContext, remotePath: string, localPath: string): Promise<void> {
  try {
    await downloadFile(context, { remotePath, localPath, attributes: undefined, intoEmptyFolder: false });
  } catch (error) {
    if (!(error instanceof RemoteIsFolder)) throw error;
    await downloadFolder(context, remotePath, localPath, error.attributes);
  }
}
