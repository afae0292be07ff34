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

/** Aborts `ms` milliseconds after `signal` does. */
export function delayed(signal: AbortSignal | undefined, ms: number): AbortSignal | undefined {
  if (!signal) return undefined;
  const later = new AbortController();
  signal.addEventListener('abort', () => setTimeout(() => later.abort(signal.reason), ms).unref(), {
    once: true,
  });
  return later.signal;
}
