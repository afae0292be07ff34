import { startTimer } from '../../time/timer.ts';

/** Milliseconds allowed between the job's time limit and confirmation that it was ended. */
const slack = 10_000;

/** The time limit of a job, by the server's clock, or by the local clock while the server cannot be reached. */
export class JobLimit {
  readonly timeout: number;
  readonly #overdue = new AbortController();
  #stopTimer: (() => void) | undefined;

  constructor(timeout = Number.POSITIVE_INFINITY) {
    this.timeout = timeout;
  }

  /** Aborts if the job could not be ended within `slack` after its time limit. */
  get signal(): AbortSignal | undefined {
    return Number.isFinite(this.timeout) ? this.#overdue.signal : undefined;
  }

  /** Milliseconds left for a job of age `ageMs`. The first call starts the local timer. */
  left(ageMs: number): number {
    const left = this.timeout - ageMs;
    this.#stopTimer ??= startTimer(left + slack, () => this.#overdue.abort());
    return left;
  }

  end(): void {
    this.#stopTimer?.();
  }
}
