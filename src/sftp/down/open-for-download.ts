import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { isFolder, isTypeTold, specialKind } from '../names/file-mode.ts';
import { lookBehind, opensAsFolder } from '../names/look.ts';
import { openInUse } from '../transfer/in-use.ts';
import { transferFailed } from '../transfer/transfer-errors.ts';
import { sizeOfOpen } from '../verify/remote-size.ts';

/** A remote file open for reading, with its attributes. */
export interface Remote {
  handle: SftpHandle;
  attributes: SftpAttributes;
}

/** The remote path is a folder, not a file. */
export class RemoteIsFolder extends Error {
  readonly attributes: SftpAttributes;

  constructor(attributes: SftpAttributes) {
    super('it is a folder, not a file');
    this.attributes = attributes;
  }
}

/**
 * Opens a file for reading. On Windows, open and stat share one round trip. Elsewhere stat comes first, because the
 * path may be a FIFO: a server that opens one blocks until its other end is opened, swallows what a writer sends, and
 * outlives the connection.
 */
export async function openForDownload(context: TransferContext, item: DownloadItem): Promise<Remote> {
  const { sftp, run, opener } = context;
  const looking = item.attributes ? Promise.resolve(item.attributes) : look(sftp, item.remotePath);
  if (!isWindowsServer(opener.serverVersion)) {
    refuseOther(context, item, await looking);
    run.alive();
  }
  const [looked, opened] = await Promise.allSettled([
    looking,
    openInUse(sftp, run, () => sftp.open(item.remotePath, openFlag.read)),
  ]);
  run.alive();
  try {
    if (looked.status === 'rejected') throw looked.reason;
    refuseOther(context, item, looked.value);
    if (opened.status === 'rejected') throw opened.reason;
    return { handle: opened.value, attributes: await withSize(sftp, opened.value, looked.value) };
  } catch (error) {
    if (opened.status === 'fulfilled') await sftp.closeHandle(opened.value).catch(() => {});
    throw error;
  }
}

/** Some servers do not report the type of a path; whether it is a folder is then found out by OPENDIR. */
async function look(sftp: SftpRequests, path: string): Promise<SftpAttributes> {
  const found = await lookBehind(sftp, path);
  if (!isTypeTold(found.mode) && (await opensAsFolder(sftp, path))) throw new RemoteIsFolder(found);
  return found;
}

/** If STAT reports no size, FSTAT may. */
async function withSize(sftp: SftpRequests, handle: SftpHandle, found: SftpAttributes) {
  if (found.size !== undefined) return found;
  const size = await sizeOfOpen(sftp, handle);
  return size === undefined ? found : { ...found, size };
}

function refuseOther({ run }: TransferContext, { remotePath }: DownloadItem, found: SftpAttributes): void {
  if (isFolder(found.mode)) throw new RemoteIsFolder(found);
  const kind = specialKind(found.mode);
  if (kind) throw transferFailed(run, remotePath, `it is ${kind}, not a file`);
}
