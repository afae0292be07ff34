import { isSshError } from '../errors/index.ts';
import type { TunnelRetryOptions } from './types.ts';

export type Backoff = Required<Omit<TunnelRetryOptions, 'shouldRetry'>>;

const defaults: Backoff = { attempts: Infinity, minDelay: 500, factor: 2, maxDelay: 30_000, jitter: 0.2 };
/** An attempt that does not get as far as the gateway's sshd burdens nobody. */
const maxDelayUnreached = 1_000;

/** @throws {TypeError | RangeError} naming the option and the value. */
export function checkBackoff(options: TunnelRetryOptions = {}): Backoff {
  const backoff = { ...defaults };
  for (const name of Object.keys(defaults) as Array<keyof Backoff>) {
    const value = options[name] ?? defaults[name];
    const lowest = name === 'attempts' || name === 'factor' ? 1 : 0;
    const highest = name === 'jitter' ? 1 : Infinity;
    if (typeof value !== 'number' || Number.isNaN(value)) {
      throw new TypeError(`keepReverseTunnel: retry.${name} must be a number, not ${String(value)}`);
    }
    if (value < lowest || value > highest) {
      throw new RangeError(`keepReverseTunnel: retry.${name} must be ${lowest} to ${highest}, not ${value}`);
    }
    backoff[name] = value;
  }
  return backoff;
}

/** Milliseconds before the next attempt, after `failures` failed ones in a row (from 1). */
export function delayAfter(
  failures: number,
  error: unknown,
  backoff: Backoff,
  random: () => number = Math.random,
): number {
  const unreached = isSshError(error) && error.phase === 'tcp';
  const longest = unreached ? Math.min(backoff.maxDelay, maxDelayUnreached) : backoff.maxDelay;
  const delay = Math.min(backoff.minDelay * backoff.factor ** (failures - 1), longest);
  return Math.round(delay * (1 + backoff.jitter * (random() - 0.5) * 2));
}
