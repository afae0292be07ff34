import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { isWindowsServer } from '../../ssh2/transport/server-kind.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { isFolder, isTypeTold, specialKind } from '../names/file-mode.ts';
import { lookBehind, opensAsFolder } from '../names/look.ts';
import { openInUse } from '../transfer/in-use.ts';
import { transferFailed } from '../transfer/transfer-errors.ts';
import { sizeOfOpen } from '../verify/remote-size.ts';

/** A remote file that is open to be read, and what it is. */
export interface Remote {
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

/**
 * On Windows opens and looks in one round trip. Elsewhere looks first, because a pipe may be there: a server that opens
 * one waits in the call for its other end, takes what a writer puts in, and outlives the connection.
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

/** Some servers do not reveal the type of a path; a folder can then be opened as one. */
async function look(sftp: SftpRequests, path: string): Promise<SftpAttributes> {
  const found = await lookBehind(sftp, path);
  if (!isTypeTold(found.mode) && (await opensAsFolder(sftp, path))) throw new RemoteIsFolder(found);
  return found;
}

/** If a path has no size, its open file may. */
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
