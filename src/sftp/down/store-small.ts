import { chmod, utimes } from 'node:fs/promises';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { writeSmall } from '../flow/small-files.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { newMode, permissions } from '../names/file-mode.ts';
import { modeOfOld, temporaryBeside } from '../target/local-target.ts';

/** Puts the whole content of a file in its place. */
export async function storeSmall(
  { run, settings }: TransferContext,
  { localPath, intoEmptyFolder }: DownloadItem,
  attributes: SftpAttributes,
  content: Buffer,
): Promise<void> {
  const old = intoEmptyFolder || settings.preserve ? undefined : await modeOfOld(localPath);
  const mode = newMode(attributes.mode);
  const temporary = settings.atomic ? temporaryBeside(localPath) : undefined;
  run.throwIfFailed();
  await writeSmall(localPath, temporary, content, mode, run);
  if (old !== undefined && old !== mode) await chmod(localPath, old);
  if (settings.preserve) await preserve(localPath, attributes);
}

export async function preserve(path: string, { mode, mtime, atime }: SftpAttributes): Promise<void> {
  if (mode !== undefined) await chmod(path, permissions(mode));
  if (mtime !== undefined) await utimes(path, atime ?? mtime, mtime);
}
