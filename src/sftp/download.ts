import type { SftpOpener } from '../ssh2/sftp-requests.ts';
import { quoted } from '../text/printable.ts';
import { now } from '../time/timer.ts';
import { downloadFile } from './download-file.ts';
import { readTransferOptions, type TransferOptions, type TransferResult } from './options.ts';
import { TransferRun } from './run.ts';

export async function download(
  opener: SftpOpener,
  remotePath: string,
  localPath: string,
  options?: TransferOptions,
): Promise<TransferResult> {
  const settings = readTransferOptions(options);
  const started = now();
  const what = `download of ${quoted(remotePath)} to ${quoted(localPath)}`;
  const run = new TransferRun({ ...settings, what, where: opener.where, lost: opener.lost });
  try {
    const sftp = await opener.openSftp({ signal: settings.signal, requestTimeout: settings.stallTimeout });
    try {
      await run.orFail(
        downloadFile({ opener, sftp, run, settings }, { remotePath, localPath, attributes: undefined }),
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
  }
}
