import { setMaxListeners } from 'node:events';
import { onAbort } from './on-abort.ts';
import { startTimer } from './timer.ts';

interface StopSignal {
  readonly signal: AbortSignal;
  /** Whether it was the time that ran out. */
  readonly timedOut: boolean;
  /** Lets go of the caller's signal and the timer. */
  clear(): void;
}

/** The caller's signal and the total time in one. */
export function stopSignal(signal: AbortSignal | undefined, totalMs: number): StopSignal {
  const stop = new AbortController();
  // Every attempt, route and sleep listens; that is not a leak.
  setMaxListeners(0, stop.signal);
  let timedOut = false;
  const follow = () => stop.abort(signal?.reason);
  if (signal?.aborted) follow();
  const unfollow = onAbort(signal, follow);
  const stopTimer = startTimer(totalMs, () => {
    timedOut = true;
    stop.abort(new Error('timeouts.total'));
  });
  return {
    signal: stop.signal,
    get timedOut() {
      return timedOut;
    },
    clear() {
      stopTimer();
      unfollow();
    },
  };
}
