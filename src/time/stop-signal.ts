import { onAbort } from './on-abort.ts';
import { StopSwitch } from './stop-switch.ts';
import { startTimer } from './timer.ts';

/** The caller's signal and the total time in one. */
class StopSignal extends StopSwitch {
  /** Whether it was the time that ran out. */
  timedOut = false;
  readonly #unfollow: () => void;
  readonly #stopTimer: () => void;

  constructor(signal: AbortSignal | undefined, totalMs: number) {
    super();
    const follow = () => this.abort(signal?.reason);
    if (signal?.aborted) follow();
    this.#unfollow = onAbort(signal, follow);
    this.#stopTimer = startTimer(totalMs, () => {
      this.timedOut = true;
      this.abort(new Error('timeouts.total'));
    });
  }

  /** Lets go of the caller's signal and the timer. */
  clear(): void {
    this.#stopTimer();
    this.#unfollow();
  }
}

export function stopSignal(signal: AbortSignal | undefined, totalMs: number): StopSignal {
  return new StopSignal(signal, totalMs);
}
