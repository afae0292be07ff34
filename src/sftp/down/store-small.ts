import { chmod, utimes } from 'node:fs/promises';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { placeSmall, writeSmall } from '../flow/small-files.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { newMode, permissions } from '../names/file-mode.ts';
import { modeOfOld, temporaryBeside } from '../target/local-target.ts';

/** Stores the complete content of a file. In a folder that was just created, there is no old file to check. */
export function storeSmall(
  context: TransferContext,
  item: DownloadItem,
  attributes: SftpAttributes,
  content: Buffer,
  done: (error?: unknown) => void,
): void {
  const { run, settings } = context;
  const { localPath, intoEmptyFolder } = item;
  const isPlain = intoEmptyFolder && settings.atomic && !settings.preserve;
  if (!isPlain) return void store(context, item, attributes, content).then(() => done(), done);
  if (run.failed) return done(run.error);
  placeSmall(localPath, temporaryBeside(localPath), content, newMode(attributes.mode), run, done);
}

async function store(
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
