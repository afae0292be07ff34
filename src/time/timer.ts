/** Node fires timers beyond 2^31-1 ms at once; a longer wait is cut to this (24.8 days). */
export const maxDelay = 2 ** 31 - 1;

/**
 * Runs `fire` after `ms` milliseconds unless the returned function is called first. `Infinity` never fires.
 * With `holds` false the timer does not keep the process alive.
 */
export function startTimer(ms: number, fire: () => void, holds = true): () => void {
  if (ms === Infinity) return () => {};
  const timer = setTimeout(fire, Math.min(ms, maxDelay));
  if (!holds) timer.unref();
  return () => clearTimeout(timer);
}

/** Resolves after `ms` milliseconds; rejects with `signal.reason` at once when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    const stop = startTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Milliseconds on a clock that never jumps. */
export function now(): number {
  return performance.now();
}
