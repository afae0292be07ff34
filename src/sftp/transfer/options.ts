import { type Checks, checkOptions } from '../../check/options.ts';
import { abortSignal, callback, count, flag, limit, oneOf } from '../../check/values.ts';
import { withDefaults } from '../../options/defaults.ts';
import type { TransferProgress } from './progress.ts';

/** Options of `upload` and `download`. */
export interface TransferOptions {
  /**
   * Write under a temporary name in the same folder and rename the file when it is complete, so that an interruption
   * leaves either the old file or the new one. `false` writes to the target directly. Default `true`.
   */
  atomic?: boolean | undefined;
  /**
   * Continue an earlier, unfinished transfer. Bytes already there are verified first, by a checksum made on the server;
   * an upload can also read them back. What does not match is transferred again. If the transfer fails, its temporary
   * file is kept for the next call. Only one transfer at a time may resume to the same target. Default `false`.
   */
  resume?: boolean | undefined;
  /**
   * What to check before a file gets its final name: `'size'`, `'sha256'` (by a command on the server, else by reading
   * the file again), or nothing (`false`). Default `'size'`.
   */
  verify?: 'size' | 'sha256' | false | undefined;
  /** Keep the permissions and modification time of each file. Default `false`. */
  preserve?: boolean | undefined;
  /**
   * Called at most ten times a second and once at the end. If it throws, the transfer fails with that error; if the
   * last call throws, the files are already in place. Default: none.
   */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Maximum number of files of a folder to transfer at once. Default 128. */
  concurrency?: number | undefined;
  /**
   * Selects the files and subfolders to transfer. Called with the path relative to the folder, with `/`, and the type;
   * a folder for which it returns false is not entered. Default: all.
   */
  filter?: ((path: string, type: 'file' | 'directory') => boolean) | undefined;
  /**
   * Milliseconds without progress after which the transfer fails with `TransferStalled`. `Infinity` turns it off.
   * Default 60,000.
   */
  stallTimeout?: number | undefined;
  /**
   * Uploads only: send the writes of a file one at a time, in this and later calls on this connection, for servers that
   * accept them only in order (rclone, gateways to object stores). If not set, this is detected when a write fails, and
   * the file is sent again; a stream cannot be sent again. Default `false`.
   */
  writesInOrder?: boolean | undefined;
  /**
   * Aborting stops the transfer at once and rejects with `signal.reason`. Files that already have their final names
   * stay. Default: none.
   */
  signal?: AbortSignal | undefined;
}

/** The result of a transfer. */
export interface TransferResult {
  /** Files transferred. */
  files: number;
  /** Bytes transferred, not counting those that `resume` found in place. */
  bytes: number;
  /** Duration in milliseconds. */
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

/** Checks the options of a transfer and applies the defaults. @throws {TypeError | RangeError} naming the option. */
export function readTransferOptions(options: TransferOptions = {}): TransferSettings {
  checkOptions(options, checks);
  return withDefaults(defaultTransfer, options);
}
