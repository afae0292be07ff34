import { setMaxListeners } from 'node:events';
import { startTimer } from './timer.ts';

export interface StopSignal {
  readonly signal: AbortSignal;
  /** Whether it was the time that ran out. */
  readonly timedOut: boolean;
  /** Lets go of the caller's signal and the timer. */
  clear(): void;
}

/** The caller's signal and the total time in one. */
export function stopSignal(signal: AbortSignal | undefined, totalMs: number): StopSignal {
  const stop = new AbortController();
  // Every attempt, route and sleep listens; that is no leak.
  setMaxListeners(0, stop.signal);
  let timedOut = false;
  const onAbort = () => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
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
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** What cannot be stopped is not waited for. */
export function orStopped<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
