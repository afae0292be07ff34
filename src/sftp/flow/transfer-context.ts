import type { SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { SftpAttributes } from '../../ssh2/sftp/wire.ts';
import type { TransferSettings } from '../transfer/options.ts';
import type { TransferRun } from '../transfer/run.ts';
import type { BlockSource } from './block-source.ts';
import type { Flight } from './flight.ts';
import type { Frames } from './frames.ts';
import type { SecondSession } from './second-session.ts';

/** What all files of one transfer share. */
export interface TransferContext {
  opener: SftpOpener;
  sftp: SftpRequests;
  run: TransferRun;
  settings: TransferSettings;
  flight: Flight;
  frames: Frames;
  /** For cleaning up when `sftp` has ended. */
  second: SecondSession;
}

export interface UploadItem {
  /** The name in messages and progress. */
  name: string;
  source: BlockSource;
  remotePath: string;
  /** Attributes of the local file: its mode applies to a new file, all of them with `preserve`. */
  attributes: SftpAttributes;
  /** The folder was created by this transfer, so no file can be in the way. */
  intoEmptyFolder: boolean;
}

/** A local file: `name` is its path. */
export type LocalItem = Omit<UploadItem, 'source'>;

export interface DownloadItem {
  remotePath: string;
  localPath: string;
  /** What a listing said about the file; undefined if it has not been listed. */
  attributes: SftpAttributes | undefined;
  /** The local folder was created by this transfer, so no file can be in the way. */
  intoEmptyFolder: boolean;
}
