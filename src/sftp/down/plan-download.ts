import { checkArgument } from '../../check/options.ts';
import { text } from '../../check/values.ts';
import { quoted } from '../../text/printable.ts';
import { checkLocalName, remotePath as readRemotePath } from '../names/paths.ts';
import { readTransferOptions, type TransferOptions, type TransferSettings } from '../transfer/options.ts';

/** A download whose arguments are valid. */
export interface PlannedDownload {
  remotePath: string;
  localPath: string;
  settings: TransferSettings;
  /** For messages: `download of "a" to "b"`. */
  what: string;
}

/** The part of a download that needs no server. */
export function planDownload(
  serverVersion: string | undefined,
  remotePath: string,
  localPath: string,
  options?: TransferOptions,
): PlannedDownload {
  const settings = readTransferOptions(options);
  const path = readRemotePath(remotePath, 'remotePath', serverVersion);
  checkArgument('localPath', localPath, text('a path on this machine'));
  checkLocalName(localPath);
  const what = `download of ${quoted(path)} to ${quoted(localPath)}`;
  return { remotePath: path, localPath, settings, what };
}
