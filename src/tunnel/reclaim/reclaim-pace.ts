import { growingWait } from '../../time/growing-wait.ts';
import { now } from '../../time/timer.ts';

/** Milliseconds between attempts to reclaim, growing: looking for a banner wakes the session that it looks at. */
const pauses = { minDelay: 15_000, factor: 2, maxDelay: 240_000 };
/** The longest wait of a tunnel that has lost its port to another one again and again. */
const longestBackOff = 600_000;

/** When a tunnel may try to reclaim its port. It outlives connections: a line that comes and goes must not hurry a fight. */
export class ReclaimPace {
  #nextAt = 0;
  #attempts = 0;
  #losses = 0;
  #lastLoss = '';

  get due(): boolean {
    return now() >= this.#nextAt;
  }

  /** An attempt was made; `retryIn`: it will be of no use before that many milliseconds have passed. */
  attempted(retryIn = 0): void {
    this.postponed(Math.max(retryIn, growingWait(pauses, this.#attempts++)));
  }

  /** An attempt was refused because the holder was up a moment ago: worth another look as soon as that is over. */
  postponed(retryIn: number): void {
    this.#nextAt = Math.max(this.#nextAt, now() + retryIn);
  }

  /** The port was lost to another tunnel's session. Each further one makes the wait twice as long. */
  lostTo(session: string, backOff: number): void {
    if (session === this.#lastLoss) return;
    this.#lastLoss = session;
    const waits = { minDelay: backOff, factor: 2, maxDelay: Math.max(backOff, longestBackOff) };
    this.postponed(growingWait(waits, this.#losses++));
  }

  /** The tunnel has been up for a good while. */
  steady(): void {
    this.#nextAt = 0;
    this.#attempts = 0;
  }

  /** Up so long that the fights of before are over. */
  forget(): void {
    this.#losses = 0;
  }
}
