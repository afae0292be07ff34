import { onAbort } from '../../time/on-abort.ts';
import { startTimer } from '../../time/timer.ts';

/** A signal that aborts as soon as either of the two does. */
export function both(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}

/** Runs `work` with a signal that aborts `ms` milliseconds after `signal` does. */
export async function withDelay<T>(
  signal: AbortSignal | undefined,
  ms: number,
  work: (later: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (!signal) return await work(undefined);
  const later = new AbortController();
  let stopTimer = () => {};
  const onSignal = () => {
    stopTimer = startTimer(ms, () => later.abort(signal.reason));
  };
  if (signal.aborted) onSignal();
  const unfollow = onAbort(signal, onSignal);
  try {
    return await work(later.signal);
  } finally {
    unfollow();
    stopTimer();
  }
}
