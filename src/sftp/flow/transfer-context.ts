import type { SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import type { TransferSettings } from '../transfer/options.ts';
import type { TransferRun } from '../transfer/run.ts';
import type { BlockSource } from './block-source.ts';
import type { Flight } from './flight.ts';
import type { Frames } from './frames.ts';

/** What every file of one transfer shares. */
export interface TransferContext {
  opener: SftpOpener;
  sftp: SftpRequests;
  run: TransferRun;
  settings: TransferSettings;
  flight: Flight;
  frames: Frames;
}

export interface UploadItem {
  /** For messages and progress. */
  name: string;
  source: BlockSource;
  remotePath: string;
  /** Of the local file: the mode for a new file, all of them with `preserve`. */
  attributes: SftpAttributes;
  /** The folder was made by this transfer: nothing can be in the way. */
  intoEmptyFolder: boolean;
}

/** A local file: `name` is its path. */
export type LocalItem = Omit<UploadItem, 'source'>;

export interface DownloadItem {
  remotePath: string;
  localPath: string;
  /** What a listing said about the file; undefined if it has not been listed. */
  attributes: SftpAttributes | undefined;
  /** The local folder was made by this transfer: nothing can be in the way. */
  intoEmptyFolder: boolean;
}
