import { startTimer } from '../../time/timer.ts';

/** Waits for what a callback returned, but not beyond an abort. */
export async function untilAborted(result: unknown, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (!isPromise(result)) return;
  if (!signal) return void (await result);
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: done.signal });
  });
  try {
    await Promise.race([result, aborted]);
  } finally {
    done.abort();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

/** Aborts with the first of both. */
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
  const onAbort = () => {
    stopTimer = startTimer(ms, () => later.abort(signal.reason));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(later.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    stopTimer();
  }
}
