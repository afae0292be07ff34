import { now } from '../../time/timer.ts';

/** The argument of `onProgress`. `transferred` and `files` never decrease. */
export interface TransferProgress {
  /** The file transferred last: its local path for an upload, its remote path for a download. */
  path: string;
  /** Bytes transferred so far in all files, including those that `resume` found in place. */
  transferred: number;
  /** Total bytes of all files; undefined if not known (a stream). */
  total: number | undefined;
  /** Files completed so far. */
  files: number;
}

/** Minimum milliseconds between two reports. */
const interval = 100;

/** Counts transferred bytes and files, and reports them to the caller at intervals. */
export class ProgressMeter {
  #report: ((progress: TransferProgress) => void) | undefined;
  #onThrow: (error: unknown) => void;
  #lastReport = Number.NEGATIVE_INFINITY;
  #total: number | undefined;
  #files = 0;
  #bytes = 0;
  #highest = 0;
  #resumed = 0;
  #path = '';

  /** `onThrow` gets the error that `report` throws; `report` is not called again after that. */
  constructor(
    report: ((progress: TransferProgress) => void) | undefined,
    onThrow: (error: unknown) => void = () => {},
  ) {
    this.#report = report;
    this.#onThrow = onThrow;
  }

  get files(): number {
    return this.#files;
  }

  /** Bytes in place, including those found by `resume`. */
  get transferred(): number {
    return this.#bytes;
  }

  /** Bytes actually sent or received. */
  get sent(): number {
    return this.#bytes - this.#resumed;
  }

  setTotal(total: number | undefined): void {
    this.#total = total;
  }

  moved(path: string, bytes: number): void {
    this.#bytes += bytes;
    this.#path = path;
    if (this.#report && now() - this.#lastReport >= interval) this.#tell();
  }

  /** Counts bytes that were already in place. */
  resumed(path: string, bytes: number): void {
    this.#resumed += bytes;
    this.moved(path, bytes);
  }

  /** Discards the progress of a file that starts over. */
  undo({ moved, resumed }: { moved: number; resumed: number }): void {
    this.#bytes -= moved + resumed;
    this.#resumed -= resumed;
  }

  fileDone(path: string): void {
    this.#files++;
    this.#path = path;
    if (this.#report && now() - this.#lastReport >= interval) this.#tell();
  }

  finish(): void {
    if (this.#report) this.#tell();
  }

  #tell(): void {
    this.#lastReport = now();
    this.#highest = Math.max(this.#highest, this.#bytes);
    try {
      this.#report?.({
        path: this.#path,
        transferred: this.#highest,
        total: this.#total,
        files: this.#files,
      });
    } catch (error) {
      // The error must not reach the packet handler that called us.
      this.#report = undefined;
      this.#onThrow(error);
    }
  }
}
