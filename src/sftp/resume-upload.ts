import type { RemoteTarget } from './remote-target.ts';
import type { Range } from './sender.ts';
import type { TransferContext, UploadItem } from './upload-file.ts';

export async function planResume(
  _context: TransferContext,
  item: UploadItem,
  _target: RemoteTarget,
): Promise<Range[]> {
  return [{ start: 0, end: item.source.size }];
}
