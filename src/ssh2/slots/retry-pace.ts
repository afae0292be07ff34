import { now } from '../../time/timer.ts';

/** Pauses (milliseconds) before another try. */
export const soon = [5, 10, 20, 40, 80, 160, 250];
export const later = [900];

/** When to try again what was refused: after ever longer pauses (milliseconds), until it succeeds. */
export class RetryPace {
  readonly #pauses: readonly number[];
  readonly #patience: number;
  readonly #finally: number;
  #refusals = 0;
  #dueAt = Number.NEGATIVE_INFINITY;

  /** The last of `pauses` repeats until there were `patience` refusals in all; after that, each pause is `last`. */
  constructor(pauses: readonly number[], patience: number, last: number) {
    this.#pauses = pauses;
    this.#patience = patience;
    this.#finally = last;
  }

  get isDue(): boolean {
    return this.ms <= 0;
  }

  /** Milliseconds until the next try. */
  get ms(): number {
    return this.#dueAt - now();
  }

  /** Several refusals at once count as one. */
  refused(): void {
    if (!this.isDue) return;
    const pause = this.#pauses[Math.min(this.#refusals, this.#pauses.length - 1)] ?? this.#finally;
    this.#refusals++;
    this.#dueAt = now() + (this.#refusals > this.#patience ? this.#finally : pause);
  }

  /** Allows the next try `ms` milliseconds from now. */
  putOff(ms: number): void {
    this.#dueAt = now() + ms;
  }

  reset(): void {
    this.#refusals = 0;
    this.#dueAt = Number.NEGATIVE_INFINITY;
  }
}
