import { latch } from '../../time/latch.ts';

/** Many requests under way, driven by their answers, until all is done or it is stopped. */
export abstract class Moving<T> {
  protected readonly finished = latch<T>();

  /** Ends early; what is under way is forgotten. */
  stop(error: unknown): void {
    this.finished.reject(error);
  }
}
