import { fileSource } from '../flow/block-source.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import type { LocalTarget } from '../target/local-target.ts';
import { provenByCommand } from './resume-upload.ts';

/**
 * The offset at which a download continues. Only a checksum made on the server can verify what is here without
 * downloading it again; if no command can be run, the file is downloaded from its start.
 */
export async function provenLocally(
  context: TransferContext,
  item: DownloadItem,
  size: number,
  local: LocalTarget,
): Promise<number> {
  const source = await fileSource(local.file);
  const there = source.size > size ? 0 : source.size;
  const proven = await provenByCommand(context, source, item.remotePath, there);
  await local.file.truncate(proven);
  context.run.progress.resumed(item.remotePath, proven);
  return proven;
}
