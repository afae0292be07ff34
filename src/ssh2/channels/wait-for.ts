import { latch } from '../../time/latch.ts';
import { onAbort, type Stoppable } from '../../time/on-abort.ts';
import { now, startTimer } from '../../time/timer.ts';
import type { Lost } from '../transport/lost.ts';

interface Limits {
  lost: Lost;
  signal: Stoppable | undefined;
  /** On the clock of `now()`. */
  dueAt: number | undefined;
  /** What it rejects with then. */
  late: () => unknown;
}

/** Waits for `begin`'s callback; the signal, the limit or the end of the connection undoes what `begin` started. */
export function waitFor<T>(
  begin: (done: (value: T) => void) => () => void,
  { lost, signal, dueAt, late }: Limits,
): Promise<T> {
  if (lost.error) return Promise.reject(lost.error);
  if (signal?.aborted) return Promise.reject(signal.reason);
  const result = latch<T>();
  const undo = begin((value) => result.resolve(value));
  if (result.settled) return result.promise;
  const giveUp = (reason: unknown) => {
    undo();
    result.reject(reason);
  };
  const unsubscribeAbort = signal ? onAbort(signal, () => giveUp(signal.reason)) : () => {};
  const unsubscribe = lost.onLost(giveUp);
  const stopTimer = dueAt === undefined ? undefined : startTimer(dueAt - now(), () => giveUp(late()));
  return result.promise.finally(() => {
    stopTimer?.();
    unsubscribe();
    unsubscribeAbort();
  });
}
