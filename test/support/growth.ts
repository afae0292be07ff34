import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';

const growth = 10;
/** For ten times the input; what is not linear takes a hundred times as long, or more. */
const mostGrowth = 12;
/** Milliseconds below which a clock says nothing. A quadratic parser needs far more for the inputs used here. */
const tooShort = 1;
const tries = 25;
/** Growth that no cache explains, and after how many tries it counts: no need to look at larger sizes. */
const hopeless = 30;
const firstTries = 5;
/** How much larger each next attempt is: what is quadratic at one size is so, and more, at the larger one. */
const attempts = [1, 3, 9];

/**
 * Expects that work on an input ten times as long takes at most twelve times as long. The best of several runs
 * counts, so that a busy machine or code that is not compiled yet is no failure; neither is a pair of sizes of which
 * one fits into the processor's cache and the other does not, hence the larger pairs. A quadratic parser stays one.
 * The small input is worked on ten times and all results are kept, so that both make as much and as old garbage.
 */
export async function expectLinear<T>(
  size: number,
  inputOf: (size: number) => T,
  work: (input: T) => unknown,
): Promise<void> {
  const ratios: number[] = [];
  for (const factor of attempts) {
    const ratio = await growthOf(inputOf(size * factor), inputOf(growth * size * factor), work);
    if (ratio <= mostGrowth) return;
    ratios.push(ratio);
    if (ratio > hopeless) break;
    // A neighbour that fills the processor's cache goes on for a while.
    await sleep(100);
  }
  expect(Math.min(...ratios), `${ratios.map((ratio) => ratio.toFixed(1)).join(', ')}`).toBeLessThanOrEqual(
    mostGrowth,
  );
}

async function growthOf<T>(small: T, large: T, work: (input: T) => unknown): Promise<number> {
  let [forSmall, forLarge] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let time = 0; time < tries; time++) {
    forLarge = Math.min(forLarge, await timeOf(work, large, 1));
    forSmall = Math.min(forSmall, await timeOf(work, small, growth));
    if (forLarge < tooShort || forLarge * growth <= mostGrowth * forSmall) return 0;
    const ratio = (forLarge / forSmall) * growth;
    if (forLarge > 1_000 || (time >= firstTries && ratio > hopeless)) break;
  }
  return (forLarge / forSmall) * growth;
}

/**
 * Milliseconds of processor time: what other programs do on this machine does not count, nor does memory that is new to
 * the process. On some virtual machines a page of it takes longer than to work on what it holds, and the larger input
 * needs more of them.
 */
async function timeOf<T>(work: (input: T) => unknown, input: T, times: number): Promise<number> {
  const results: unknown[] = [];
  const start = spent();
  for (let time = 0; time < times; time++) results.push(await work(input));
  const end = spent();
  return Math.max(0, end.ms - start.ms - (end.pages - start.pages) * pageTime());
}

function spent(): { ms: number; pages: number } {
  const { userCPUTime, systemCPUTime, minorPageFault } = process.resourceUsage();
  return { ms: (userCPUTime + systemCPUTime) / 1_000, pages: minorPageFault };
}

let perPage: number | undefined;

/** Milliseconds that a new page of memory takes; the least of several. */
function pageTime(): number {
  perPage ??= Math.min(...Array.from({ length: 5 }, onePage));
  return perPage;
}

function onePage(): number {
  const start = spent();
  const memory = Buffer.alloc(16 * 1024 * 1024);
  for (let at = 0; at < memory.length; at += 4_096) memory[at] = 1;
  const end = spent();
  return (end.ms - start.ms) / Math.max(1_000, end.pages - start.pages);
}
