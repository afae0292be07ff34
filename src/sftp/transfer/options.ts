import { type Checks, checkOptions } from '../../check/options.ts';
import { abortSignal, callback, count, flag, limit, oneOf } from '../../check/values.ts';
import { withDefaults } from '../../options/defaults.ts';
import type { TransferProgress } from './progress.ts';

/** Options of `upload` and `download`. */
export interface TransferOptions {
  /**
   * Write under a temporary name in the same folder and rename when the file is complete, so that an interruption
   * leaves the old file or the new one. `false` writes to the target directly. Default `true`.
   */
  atomic?: boolean | undefined;
  /**
   * Continue an earlier, unfinished transfer. Bytes already there are compared first (by a checksum on the server, or
   * by reading them back); if the source has changed, the transfer starts over. If it fails, its temporary file stays
   * for the next call. Only one transfer at a time may resume to the same target. Default `false`.
   */
  resume?: boolean | undefined;
  /**
   * What to check before a file gets its final name: its `'size'`, its `'sha256'` (by a command on the server, or by
   * reading it back), or nothing (`false`). Default `'size'`.
   */
  verify?: 'size' | 'sha256' | false | undefined;
  /** Keep the permissions and modification time of each file. Default `false`. */
  preserve?: boolean | undefined;
  /**
   * Called at most ten times a second and once at the end. If it throws, the transfer fails; in the last call the
   * promise still rejects, but the files are already in place.
   */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Files of a folder to transfer at once. Default 128. */
  concurrency?: number | undefined;
  /**
   * Which files and subfolders to transfer: gets the relative path, with `/`, and the type. A rejected folder is not
   * entered. Default: all.
   */
  filter?: ((path: string, type: 'file' | 'directory') => boolean) | undefined;
  /**
   * Milliseconds without progress after which the transfer fails with `TransferStalled`. `Infinity`: never. Default
   * 60,000.
   */
  stallTimeout?: number | undefined;
  /**
   * Uploads only: the server accepts the writes of a file only in order, like rclone and gateways to object stores.
   * They are then sent one at a time, in this and later calls on this connection. If not set, this is detected when a
   * write fails, and the file is sent again; a stream cannot be sent again. Default `false`.
   */
  writesInOrder?: boolean | undefined;
  /** Stops at once; the promise rejects with `signal.reason`. Has no effect on a file that already has its final name. */
  signal?: AbortSignal | undefined;
}

/** The result of a transfer. */
export interface TransferResult {
  /** Files transferred. */
  files: number;
  /** Bytes transferred, not counting those that `resume` found in place. */
  bytes: number;
  /** Milliseconds that it took. */
  durationMs: number;
  /** Average bytes per second. */
  bytesPerSecond: number;
}

export interface TransferSettings {
  atomic: boolean;
  resume: boolean;
  verify: 'size' | 'sha256' | false;
  preserve: boolean;
  concurrency: number;
  stallTimeout: number;
  writesInOrder: boolean;
  filter: (path: string, type: 'file' | 'directory') => boolean;
  onProgress: ((progress: TransferProgress) => void) | undefined;
  signal: AbortSignal | undefined;
}

const checks: Checks<TransferOptions> = {
  atomic: flag,
  resume: flag,
  verify: oneOf('size', 'sha256', false),
  preserve: flag,
  onProgress: callback,
  concurrency: count,
  filter: callback,
  stallTimeout: limit(),
  writesInOrder: flag,
  signal: abortSignal,
};

export const defaultTransfer: TransferSettings = {
  atomic: true,
  resume: false,
  verify: 'size',
  preserve: false,
  concurrency: 128,
  stallTimeout: 60_000,
  writesInOrder: false,
  filter: () => true,
  onProgress: undefined,
  signal: undefined,
};

/** Checks the options of a transfer and fills in the defaults. Throws `TypeError` and `RangeError`. */
export function readTransferOptions(options: TransferOptions = {}): TransferSettings {
  checkOptions(options, checks);
  return withDefaults(defaultTransfer, options);
}
