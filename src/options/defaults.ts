import { perPhase } from '../errors/index.ts';
import type { KeepaliveOptions, RetryOptions, Timeouts } from './types.ts';

/** `T` with every option given. */
export type Complete<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

export const defaultPort = 22;

/** Milliseconds. */
export const defaultTimeouts: Complete<Timeouts> = Object.freeze({
  ...perPhase(({ timeout }) => timeout),
  channel: 30_000,
  total: Number.POSITIVE_INFINITY,
});

export const defaultRetry: Complete<Omit<RetryOptions, 'shouldRetry' | 'onRetry'>> = Object.freeze({
  attempts: 10,
  minDelay: 2_000,
  factor: 2,
  maxDelay: 60_000,
  jitter: 0.1,
  quiet: 45_000,
});

export const defaultKeepalive: Complete<KeepaliveOptions> = Object.freeze({ interval: 30_000, countMax: 3 });

/** `options` over `defaults`; an explicit `undefined` does not erase a default. */
export function withDefaults<T extends object>(
  defaults: T,
  options: { [K in keyof T]?: T[K] | undefined } | undefined,
): Readonly<T> {
  // Shared by all who leave everything as it is.
  if (options === undefined) return defaults;
  const result = { ...defaults };
  for (const name in options) if (options[name] !== undefined) result[name] = options[name];
  return result;
}
