import { growingWait } from '../../time/growing-wait.ts';
import { now } from '../../time/timer.ts';

/**
 * Growing intervals in milliseconds between reclaim attempts: looking for a banner counts as activity of the session.
 */
const pauses = { minDelay: 15_000, factor: 2, maxDelay: 240_000 };
/** The longest wait of a tunnel that keeps losing its port to another one. */
const longestBackOff = 600_000;

/** When a tunnel may try to reclaim its port. Kept across connections: an unstable line must not speed up a fight. */
export class ReclaimPace {
  #nextAt = Number.NEGATIVE_INFINITY;
  #attempts = 0;
  #losses = 0;
  #lastLoss = '';

  get due(): boolean {
    return now() >= this.#nextAt;
  }

  attempted(): void {
    this.postponed(growingWait(pauses, this.#attempts++));
  }

  /** Another attempt is pointless for `retryIn` milliseconds. */
  postponed(retryIn: number): void {
    this.#nextAt = Math.max(this.#nextAt, now() + retryIn);
  }

  /** The port was lost to another tunnel's session. Each further loss doubles the wait. */
  lostTo(session: string, backOff: number): void {
    if (session === this.#lastLoss) return;
    this.#lastLoss = session;
    const waits = { minDelay: backOff, factor: 2, maxDelay: Math.max(backOff, longestBackOff) };
    this.postponed(growingWait(waits, this.#losses++));
  }

  /** The tunnel has been up for a good while. */
  steady(): void {
    this.#nextAt = Number.NEGATIVE_INFINITY;
    this.#attempts = 0;
  }

  /** It has been up for so long that earlier fights are over. */
  forget(): void {
    this.#losses = 0;
  }
}
