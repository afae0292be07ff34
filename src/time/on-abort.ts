import { StopSwitch } from './stop-switch.ts';

/** Anything that can signal that something is no longer needed. */
export type Stoppable = AbortSignal | StopSwitch;

const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` once when `signal` aborts. Returns the way to unsubscribe. However many subscribe, the signal has
 * one listener: Node warns of a leak at the eleventh, but one signal for fifty commands is right.
 */
export function onAbort(signal: Stoppable | undefined, listener: () => void): () => void {
  if (!signal) return () => {};
  if (signal instanceof StopSwitch) return signal.onAbort(listener);
  let listeners = listenersOf.get(signal);
  if (!listeners) {
    listeners = new Set();
    listenersOf.set(signal, listeners);
  }
  const all = listeners;
  if (all.size === 0) signal.addEventListener('abort', callAll, { once: true });
  all.add(listener);
  return () => {
    if (all.delete(listener) && all.size === 0) signal.removeEventListener('abort', callAll);
  };
}

/** `work`, or the signal's reason as soon as it aborts: what cannot be stopped is not waited for. */
export function orAborted<T>(work: T | PromiseLike<T>, signal: Stoppable | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    const unsubscribe = onAbort(signal, () => reject(signal?.reason));
    Promise.resolve(work).then(
      (value) => {
        unsubscribe();
        resolve(value);
      },
      (error) => {
        unsubscribe();
        reject(error);
      },
    );
  });
}

function callAll(this: AbortSignal): void {
  const listeners = listenersOf.get(this);
  listenersOf.delete(this);
  for (const listener of [...(listeners ?? [])]) listener();
}
