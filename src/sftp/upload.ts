import { open, stat } from 'node:fs/promises';
import type { SftpOpener } from '../ssh2/sftp-requests.ts';
import { quoted } from '../text/printable.ts';
import { now } from '../time/timer.ts';
import { bufferSource, fileSource } from './block-source.ts';
import { readTransferOptions, type TransferOptions, type TransferResult } from './options.ts';
import { TransferRun } from './run.ts';
import { uploadFile } from './upload-file.ts';

export async function upload(
  opener: SftpOpener,
  source: string | Uint8Array,
  remotePath: string,
  options?: TransferOptions,
): Promise<TransferResult> {
  const settings = readTransferOptions(options);
  const started = now();
  const what = `upload of ${typeof source === 'string' ? quoted(source) : 'a buffer'} to ${quoted(remotePath)}`;
  const file = typeof source === 'string' ? await open(source) : undefined;
  const run = new TransferRun({ ...settings, what, where: opener.where, lost: opener.lost });
  try {
    const sftp = await opener.openSftp({ signal: settings.signal, requestTimeout: settings.stallTimeout });
    const src = file ? await fileSource(file) : bufferSource(source as Uint8Array);
    const st = file ? await stat(source as string) : undefined;
    run.progress.setTotal(src.size);
    try {
      await run.orFail(
        uploadFile(
          { opener, sftp, run, settings },
          {
            name: 'x',
            source: src,
            remotePath,
            attributes: st ? { mode: st.mode & 0o7777 } : {},
            intoEmptyFolder: false,
          },
        ),
      );
    } finally {
      sftp.release();
    }
    run.progress.finish();
    const durationMs = now() - started;
    return {
      files: run.progress.files,
      bytes: run.progress.sent,
      durationMs,
      bytesPerSecond: (run.progress.sent * 1000) / durationMs,
    };
  } finally {
    run.end();
    await file?.close();
  }
}
