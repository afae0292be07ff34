import { now, startTimer } from './timer.ts';

/** The limit of one phase after another; it can be paused while the delay is not the server's. */
export class PhaseClock {
  #startedAt = now();
  #onTimeout: (() => void) | undefined;
  #left = 0;
  #resumedAt = 0;
  #pauses = 0;
  #stopTimer: () => void = () => {};

  /** Milliseconds since the phase began, pauses included. */
  get elapsed(): number {
    return Math.round((now() - this.#startedAt) * 10) / 10;
  }

  /** A phase begins, with all of its time. */
  start(limit: number, onTimeout: () => void): void {
    this.stop();
    this.#startedAt = now();
    this.#left = limit;
    this.#onTimeout = onTimeout;
    this.#pauses = 0;
    this.#run();
  }

  /** Each pause needs its `resume`. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    this.#stopTimer();
    this.#left -= now() - this.#resumedAt;
  }

  /** Goes on with what was left. */
  resume(): void {
    if (this.#pauses === 0 || --this.#pauses > 0) return;
    this.#run();
  }

  /** Nothing times out any more until the next `start`. */
  stop(): void {
    this.#stopTimer();
    this.#onTimeout = undefined;
  }

  #run(): void {
    const onTimeout = this.#onTimeout;
    if (!onTimeout) return;
    this.#resumedAt = now();
    this.#stopTimer = startTimer(Math.max(0, this.#left), onTimeout);
  }
}
