import { isSshError } from '../../errors/index.ts';
import type { Complete } from '../../options/defaults.ts';
import { growingWait } from '../../time/growing-wait.ts';
import type { TunnelRetryOptions } from '../types.ts';

export type TunnelBackoff = Complete<Omit<TunnelRetryOptions, 'shouldRetry'>>;

export const defaultBackoff: TunnelBackoff = {
  attempts: Infinity,
  minDelay: 500,
  factor: 2,
  maxDelay: 30_000,
  jitter: 0.2,
};
/** An attempt that does not get as far as the gateway's sshd burdens nobody. */
const maxDelayUnreached = 1_000;
/** Milliseconds of `up` after which the next failure counts as the first again. */
const steadyAfter = 10_000;

/**
 * The waits between attempts. Attempts that did not reach the gateway's sshd, and those that did, grow their waits
 * apart: an hour without a line must not make the first refusal after it wait for long.
 */
export class TunnelWaits {
  #backoff: TunnelBackoff;
  #random: () => number;
  #unreached = 0;
  #refused = 0;
  #shortLives = 0;
  #inARow = 0;

  constructor(backoff: TunnelBackoff, random: () => number = Math.random) {
    this.#backoff = backoff;
    this.#random = random;
  }

  /** Failed attempts since the tunnel was last up. */
  get failures(): number {
    return this.#inARow;
  }

  /** Milliseconds until the next attempt, after one that failed so; undefined when it was the last. */
  next(error: unknown): number | undefined {
    if (++this.#inARow >= this.#backoff.attempts) return undefined;
    const unreached = isSshError(error) && error.phase === 'tcp';
    if (!unreached) this.#unreached = 0;
    const before = unreached ? this.#unreached++ : this.#refused++;
    const { maxDelay } = this.#backoff;
    const longest = unreached ? Math.min(maxDelay, maxDelayUnreached) : maxDelay;
    return growingWait({ ...this.#backoff, maxDelay: longest }, before, this.#random);
  }

  /** The tunnel was up. Lives that are short make the waits grow as failures do. */
  lived(ms: number): void {
    this.#unreached = 0;
    this.#inARow = 0;
    this.#shortLives = ms >= steadyAfter ? 0 : this.#shortLives + 1;
    this.#refused = Math.max(0, this.#shortLives - 1);
  }
}
