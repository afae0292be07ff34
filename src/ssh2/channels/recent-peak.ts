import { now } from '../../time/timer.ts';

/** The length of a period in milliseconds. */
export const period = 1_000;

/** The most of something that there was at once, in this period and in the one before. */
export class RecentPeak {
  #peak = 0;
  #before = 0;
  #since = Number.NEGATIVE_INFINITY;

  /** Both periods are over once nobody has called `next` for as long. */
  note(count: number): void {
    if (now() - this.#since >= 2 * period) {
      this.next(count);
      this.#before = 0;
    } else this.#peak = Math.max(this.#peak, count);
  }

  /** Begins a period, with as many as there are now. */
  next(count: number): void {
    this.#before = this.#peak;
    this.#peak = count;
    this.#since = now();
  }

  get value(): number {
    return Math.max(this.#peak, this.#before);
  }
}
