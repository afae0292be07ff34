import { TransferStalled } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import type { Lost } from '../../ssh2/transport/lost.ts';
import { quoted } from '../../text/printable.ts';
import { onAbort } from '../../time/on-abort.ts';
import { now, startTimer } from '../../time/timer.ts';
import { ProgressMeter, type TransferProgress } from './progress.ts';

interface RunOptions {
  /** For messages: `upload of "a" to "b"`. */
  what: string;
  where: Where;
  lost: Lost;
  leaving?: Lost | undefined;
  stallTimeout: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/**
 * One upload or download from its call to its end. Whatever ends it early (an error, an abort, a stall, loss of the
 * connection) becomes its `error`. The first one wins: all work of the transfer stops, and the caller gets it at once.
 */
export class TransferRun {
  readonly progress: ProgressMeter;
  readonly what: string;
  readonly where: Where;
  /** Whether the transfer is of a single file, not a folder. */
  isOneFile = false;
  #failed = false;
  #error: unknown;
  #listeners = new Set<() => void>();
  #lastMove = now();
  #quiet = 0;
  #stallTimeout: number;
  #clean: Array<() => void> = [];
  #path = '';
  #swaps = 0;

  constructor(options: RunOptions) {
    this.what = options.what;
    this.where = options.where;
    this.#stallTimeout = options.stallTimeout;
    this.progress = new ProgressMeter(options.onProgress, (error) => this.fail(error));
    const { signal } = options;
    this.#clean.push(onAbort(signal, () => this.fail(signal?.reason)));
    for (const end of [options.lost, options.leaving])
      if (end) this.#clean.push(end.onLost((error) => this.fail(error)));
    if (signal?.aborted) this.fail(signal.reason);
    this.#watch(this.#stallTimeout);
  }

  get failed(): boolean {
    return this.#failed;
  }

  get error(): unknown {
    return this.#error;
  }

  /** Ends the transfer with `error`. Later calls have no effect: their errors are consequences of the first. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#error = error;
    this.end();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** Calls `listener` once when the transfer fails, or at once if it has. Returns a function to unsubscribe. */
  onFailed(listener: () => void): () => void {
    if (this.#failed) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Settles with the promise, or rejects when the transfer fails. Leaves no listener behind. */
  orFail<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.onFailed(() => reject(this.#error));
      promise.finally(forget).then(resolve, reject);
    });
  }

  throwIfFailed(): void {
    if (this.#failed) throw this.#error;
  }

  /** Counts bytes of a file as transferred. */
  moved(path: string, bytes: number): void {
    this.#path = path;
    this.#lastMove = now();
    this.progress.moved(path, bytes);
  }

  /** The server answered something other than file data: no stall. */
  alive(): void {
    this.#lastMove = now();
  }

  /** Runs work during which no bytes move, such as a checksum on the server; it does not count as a stall. */
  async quietly<T>(work: () => Promise<T>): Promise<T> {
    this.#quiet++;
    try {
      return await work();
    } finally {
      this.#quiet--;
      this.#lastMove = now();
    }
  }

  /** A file has its final name. If it is the only one, the transfer has succeeded, and an abort comes too late. */
  placed(): void {
    if (this.isOneFile) this.end();
  }

  swapping(isSwapping: boolean): void {
    this.#swaps += isSwapping ? 1 : -1;
  }

  /** Whether there is a file that may be without its name. */
  get isSwapping(): boolean {
    return this.#swaps > 0;
  }

  /** Removes every listener and timer. */
  end(): void {
    for (const undo of this.#clean.splice(0)) undo();
  }

  #watch(ms: number): void {
    const stop = startTimer(ms, () => {
      this.#clean = this.#clean.filter((undo) => undo !== stop);
      const still = this.#quiet > 0 ? 0 : now() - this.#lastMove;
      if (still >= this.#stallTimeout) this.fail(this.stalled());
      else this.#watch(Math.max(1, this.#stallTimeout - still));
    });
    this.#clean.push(stop);
  }

  /** The error for a transfer without progress. */
  stalled(cause?: unknown): TransferStalled {
    const at = this.#path === '' ? '' : ` at ${quoted(this.#path)}`;
    return new TransferStalled(
      `The ${this.what} did not move for ${this.#stallTimeout} ms${at} (option stallTimeout)`,
      {
        ...this.where,
        phase: 'transfer',
        timeoutMs: this.#stallTimeout,
        retryable: true,
        path: this.#path,
        transferred: this.progress.transferred,
        cause,
      },
    );
  }
}
