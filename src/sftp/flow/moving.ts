import { latch } from '../../time/latch.ts';

/** Many pipelined requests, driven by their replies, until everything is transferred or `stop` is called. */
export abstract class Moving<T> {
  protected readonly finished = latch<T>();

  /** Ends early with `error`; replies to pending requests are ignored. */
  stop(error: unknown): void {
    this.finished.reject(error);
  }
}
