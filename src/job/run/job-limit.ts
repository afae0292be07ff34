import { startTimer } from '../../time/timer.ts';

/** Milliseconds that may pass between the end of a job's time and the proof that it was ended. */
const slack = 10_000;

/** The time that a job may run: counted by the server's clock, and by ours when the server cannot be reached. */
export class JobLimit {
  readonly timeout: number;
  readonly #overdue = new AbortController();
  #stopTimer: (() => void) | undefined;

  constructor(timeout = Number.POSITIVE_INFINITY) {
    this.timeout = timeout;
  }

  /** Aborts if the job could not be ended for a while after its time was up. */
  get signal(): AbortSignal | undefined {
    return Number.isFinite(this.timeout) ? this.#overdue.signal : undefined;
  }

  /** What is left to a job of that age. */
  left(ageMs: number): number {
    const left = this.timeout - ageMs;
    this.#stopTimer ??= startTimer(left + slack, () => this.#overdue.abort());
    return left;
  }

  end(): void {
    this.#stopTimer?.();
  }
}
