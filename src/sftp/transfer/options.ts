import { type Checks, checkOptions } from '../../check/options.ts';
import { abortSignal, callback, count, flag, limit, oneOf } from '../../check/values.ts';
import { withDefaults } from '../../options/defaults.ts';
import type { TransferProgress } from './progress.ts';

/** Options of `upload` and `download`. */
export interface TransferOptions {
  /**
   * Write under a temporary name in the same folder, and rename when the file is whole: whatever interrupts the
   * transfer, the target is the old file or the new one. `false` writes into the target itself. Default `true`.
   */
  atomic?: boolean | undefined;
  /**
   * Continue what an earlier call left unfinished, from what is proven to be there: bytes in place are compared
   * (checksum on the server, else read back) before they are kept, and a source that has changed starts again.
   * A transfer with `resume` that fails leaves its temporary file for the next call. Only one transfer at a time may
   * resume to the same target. Default `false`.
   */
  resume?: boolean | undefined;
  /**
   * What is checked before a file gets its name: its `'size'`, its `'sha256'` (by a command on the server, else by
   * reading it back), or nothing (`false`). Default `'size'`.
   */
  verify?: 'size' | 'sha256' | false | undefined;
  /** Keep the permissions and the time of last change of each file. Default `false`. */
  preserve?: boolean | undefined;
  /**
   * Called at most ten times a second and once at the end; a throw fails the transfer. At the end everything is in place:
   * an abort comes too late there, and a throw still rejects, but takes nothing back.
   */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Files of a folder that are under way at once. Default 128. */
  concurrency?: number | undefined;
  /**
   * Which files and folders of a folder to take: gets the path relative to it, with `/`, and what it is. A folder
   * that is refused is not entered. Default: all.
   */
  filter?: ((path: string, type: 'file' | 'directory') => boolean) | undefined;
  /** Milliseconds without a byte moving after which `TransferStalled` is thrown. `Infinity` waits. Default 60,000. */
  stallTimeout?: number | undefined;
  /**
   * Uploads: the server takes the writes of a file in their order only, as rclone and gateways to object stores do. They
   * are sent one by one, in this call and from then on over this connection. Where it is not said it is found out when
   * a write fails, and the file is sent again; but a stream cannot be. Default `false`.
   */
  writesInOrder?: boolean | undefined;
  /** Stops at once; the promise rejects with `signal.reason`. Once a file has its name, its transfer has succeeded. */
  signal?: AbortSignal | undefined;
}

/** What a finished transfer reports. */
export interface TransferResult {
  /** Files transferred. */
  files: number;
  /** Bytes that were moved; bytes that `resume` found in place are not counted. */
  bytes: number;
  /** Milliseconds that it took. */
  durationMs: number;
  /** Bytes moved in each second, on average. */
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
