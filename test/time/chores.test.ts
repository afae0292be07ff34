import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Chores } from '../../src/time/chores.ts';
import { latch } from '../../src/time/latch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const never = new Promise<void>(() => {});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Whether it has resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => (over = true));
  await pass(0);
  return over;
}

it('are settled once all are done, including later and failed ones', async () => {
  const chores = new Chores();
  expect(chores.size).toBe(0);
  const [first, second] = [latch<void>(), latch<void>()];
  chores.add(first.promise);
  expect(chores.size).toBe(1);
  const settled = chores.settled(1_000, never);
  chores.add(second.promise);
  first.resolve();
  expect(await isOver(settled)).toBe(false);
  expect(chores.size).toBe(1);
  second.reject(new Error('failed'));
  expect(await isOver(settled)).toBe(true);
  expect(chores.size).toBe(0);
});

it('are settled at once if there are none', async () => {
  await new Chores().settled(1_000, never);
});

it('are awaited no longer than the limit, nor after the end', async () => {
  const chores = new Chores();
  chores.add(never);
  const limited = chores.settled(1_000, never);
  await pass(999);
  expect(await isOver(limited)).toBe(false);
  await pass(1);
  expect(await isOver(limited)).toBe(true);
  const over = latch<void>();
  const ended = chores.settled(1_000, over.promise);
  over.resolve();
  expect(await isOver(ended)).toBe(true);
  expect(chores.size).toBe(1);
});
