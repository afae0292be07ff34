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
  jitter: 0.5,
};
/** An attempt that does not reach the gateway's sshd costs nobody anything. */
const maxDelayUnreached = 1_000;
/** Once the tunnel has been `up` for this many milliseconds, the next failure counts as the first one again. */
const steadyAfter = 10_000;

/**
 * The waits between attempts. They grow separately for attempts that reached the gateway's sshd and for those that did
 * not: an hour without a network must not make the tunnel wait long after the first refusal that follows.
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

  /** Milliseconds until the next attempt after one that failed with `error`; undefined if that was the last. */
  next(error: unknown): number | undefined {
    if (++this.#inARow >= this.#backoff.attempts) return undefined;
    const unreached = isSshError(error) && error.phase === 'tcp';
    if (!unreached) this.#unreached = 0;
    const before = unreached ? this.#unreached++ : this.#refused++;
    const { maxDelay } = this.#backoff;
    const longest = unreached ? Math.min(maxDelay, maxDelayUnreached) : maxDelay;
    return growingWait({ ...this.#backoff, maxDelay: longest }, before, this.#random);
  }

  /** The tunnel was up for `ms`. Short lives make the waits grow just as failures do. */
  lived(ms: number): void {
    this.#unreached = 0;
    this.#inARow = 0;
    this.#shortLives = ms >= steadyAfter ? 0 : this.#shortLives + 1;
    this.#refused = Math.max(0, this.#shortLives - 1);
  }
}
