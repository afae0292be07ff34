import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

const mostTries = 60;
const growth = 10;
/** For ten times the input; what is not linear takes a hundred times as long, or more. */
const mostGrowth = 12;
/** Milliseconds below which a clock says nothing. A quadratic parser needs far more for the inputs used here. */
const tooShort = 1;

/**
 * Expects that work on an input ten times as long takes at most twelve times as long. The best of several runs
 * counts, so that a busy machine or code that is not compiled yet is no failure; a quadratic parser stays one.
 * The small input is worked on ten times, so that both make as much garbage.
 */
export async function expectLinear<T>(
  size: number,
  inputOf: (size: number) => T,
  work: (input: T) => unknown,
): Promise<void> {
  const [small, large] = [inputOf(size), inputOf(growth * size)];
  let [forSmall, forLarge] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let tries = 0; tries < mostTries; tries++) {
    forLarge = Math.min(forLarge, await timeOf(work, large, 1));
    forSmall = Math.min(forSmall, await timeOf(work, small, growth));
    if (forLarge < tooShort || forLarge * growth <= mostGrowth * forSmall) return;
    if (forLarge > 1_000) break;
    // A neighbour that fills the processor's cache goes on for a while.
    if (tries % 20 === 19) await sleep(100);
  }
  expect((forLarge / forSmall) * growth).toBeLessThanOrEqual(mostGrowth);
}

/** Milliseconds of processor time: what other programs do on this machine does not count. */
async function timeOf<T>(work: (input: T) => unknown, input: T, times: number): Promise<number> {
  const start = process.cpuUsage();
  for (let time = 0; time < times; time++) await work(input);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
