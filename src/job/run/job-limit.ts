import { startTimer } from '../../time/timer.ts';

/** Milliseconds allowed between the job's time limit and confirmation that it was ended. */
const slack = 10_000;

/** The time limit of a job, by the server's clock, or by the local clock while the server cannot be reached. */
export class JobLimit {
  readonly timeout: number;
  readonly #overdue = new AbortController();
  #stopTimer: (() => void) | undefined;
  #isAgeKnown = false;

  constructor(timeout = Number.POSITIVE_INFINITY) {
    this.timeout = timeout;
  }

  /** Aborts if the job could not be ended within `slack` after its time limit. */
  get signal(): AbortSignal | undefined {
    return Number.isFinite(this.timeout) ? this.#overdue.signal : undefined;
  }

  /** The job is about to be asked for. Whether that arrives or not, the time runs; who first asked knows no better. */
  begin(): void {
    this.#stopTimer ??= this.#startTimer(this.timeout);
  }

  /** Milliseconds left for a job of age `ageMs`. The first call sets the local timer by it. */
  left(ageMs: number): number {
    const left = this.timeout - ageMs;
    if (!this.#isAgeKnown) {
      this.#isAgeKnown = true;
      this.#stopTimer?.();
      this.#stopTimer = this.#startTimer(left);
    }
    return left;
  }

  end(): void {
    this.#stopTimer?.();
  }

  #startTimer(left: number): () => void {
    return startTimer(left + slack, () => this.#overdue.abort());
  }
}
