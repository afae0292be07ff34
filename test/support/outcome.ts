import { expect } from 'vitest';
import type { SshError } from '../../src/errors/index.ts';

/** What an error of ours may have, for tests that look at all of it. */
export type Failure = SshError & Record<string, unknown>;

/** How a promise failed, and after how many milliseconds; it must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<{ error: Failure; ms: number }> {
  const start = performance.now();
  return promise.then(
    () => expect.unreachable('it did not fail'),
    (error) => ({ error, ms: performance.now() - start }),
  );
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
