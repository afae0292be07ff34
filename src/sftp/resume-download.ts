import type { SftpHandle } from '../ssh2/sftp-requests.ts';
import type { DownloadItem } from './download-file.ts';
import type { LocalTarget } from './local-target.ts';
import type { TransferContext } from './upload-file.ts';

export async function provenLocally(
  _context: TransferContext,
  _item: DownloadItem,
  _handle: SftpHandle,
  _size: number,
  local: LocalTarget,
): Promise<number> {
  await local.file.truncate(0);
  return 0;
}
