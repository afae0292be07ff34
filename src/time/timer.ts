import { onAbort, type Stoppable } from './on-abort.ts';

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

/**
 * Runs `act` once: when the returned function is called, and after `ms` milliseconds at the latest. The timer does not keep
 * the process alive.
 */
export function atLatest(ms: number, act: () => void): () => void {
  let isDone = false;
  const once = () => {
    stop();
    if (isDone) return;
    isDone = true;
    act();
  };
  const stop = startTimer(ms, once, false);
  return once;
}

/** Resolves after `ms` milliseconds; rejects with `signal.reason` at once when the signal aborts. */
export function sleep(ms: number, signal?: Stoppable): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = startTimer(ms, () => {
      unfollow();
      resolve();
    });
    const unfollow = onAbort(signal, () => {
      stop();
      reject(signal?.reason);
    });
  });
}

/** What `work` resolves with, or undefined after `ms` milliseconds. */
export function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = startTimer(ms, () => resolve(undefined));
    work.then(resolve, reject).finally(stop);
  });
}

/** Milliseconds on a clock that never jumps. */
export function now(): number {
  return performance.now();
}
