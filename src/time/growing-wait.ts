export interface Growth {
  /** Milliseconds of the first wait. */
  minDelay: number;
  factor: number;
  maxDelay: number;
  /** By what share a wait may be longer or shorter at random, so that many do not come at once. Default 0. */
  jitter?: number;
}

/** Milliseconds to wait after `before` waits of a row; less than 0 are shorter than the first. Never above `maxDelay`. */
export function growingWait(
  { minDelay, factor, maxDelay, jitter = 0 }: Growth,
  before: number,
  random: () => number = Math.random,
): number {
  const growth = Math.min(factor ** before, Number.MAX_SAFE_INTEGER);
  const plain = Math.min(maxDelay, minDelay * growth);
  return Math.round(Math.min(maxDelay, plain * (1 + jitter * (2 * random() - 1))));
}
