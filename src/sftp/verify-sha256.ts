import type { TransferContext, UploadItem } from './upload-file.ts';

export async function verifyRemoteSha256(
  _context: TransferContext,
  _item: UploadItem,
  _path: string,
): Promise<void> {}
export async function verifyLocalSha256(_c: TransferContext, _i: unknown, _l: unknown): Promise<void> {}
