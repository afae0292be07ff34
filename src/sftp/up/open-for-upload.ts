import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { quoted } from '../../text/printable.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { isFolder } from '../names/file-mode.ts';
import { saysMissing } from '../names/missing.ts';
import { splitPath } from '../names/temp-name.ts';
import { openTarget, type RemoteTarget, type TargetOptions } from '../target/remote-target.ts';
import { explain, transferFailed } from '../transfer/transfer-errors.ts';

/**
 * Opens the file that an upload writes. @throws {TransferFailed} for the remote path, saying if its folder is missing.
 */
export async function openForUpload(
  { sftp, run }: TransferContext,
  path: string,
  options: TargetOptions,
): Promise<RemoteTarget> {
  try {
    return await openTarget(sftp, path, { ...options, run });
  } catch (error) {
    const problem = await folderProblem(sftp, error);
    if (!problem || run.failed) throw explain(run, path, error);
    const hint =
      'Create the folder first: (await connection.sftp()).mkdir(folder, { recursive: true }). Uploading a folder does that by itself.';
    throw transferFailed(run, path, problem, error, hint);
  }
}

/** Creating a file fails with `no such file` only if its folder does not exist or is not a folder. */
async function folderProblem(sftp: SftpRequests, error: unknown): Promise<string | undefined> {
  if (!saysMissing(error) || error.operation !== 'open' || sftp.ended) return undefined;
  const folder = splitPath(error.path ?? '').folder.replace(/(?<=[^/])\/+$/, '');
  if (folder === '') return undefined;
  try {
    const { mode } = await sftp.stat(folder);
    return isFolder(mode) ? undefined : `${quoted(folder)} on the server is not a folder`;
  } catch (missing) {
    return saysMissing(missing) ? `its folder ${quoted(folder)} does not exist on the server` : undefined;
  }
}
