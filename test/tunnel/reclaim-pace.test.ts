import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ReclaimPace } from '../../src/tunnel/reclaim/reclaim-pace.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Milliseconds until it is due. */
function untilDue(pace: ReclaimPace): number {
  for (let waited = 0; ; waited += 1_000) {
    if (pace.due) return waited;
    vi.advanceTimersByTime(1_000);
  }
}

it('is due at once, then less and less often, and at once again after some time up', () => {
  const pace = new ReclaimPace();
  const waits = [1, 2, 3, 4, 5, 6].map(() => {
    const wait = untilDue(pace);
    pace.attempted();
    return wait;
  });
  expect(waits).toEqual([0, 15_000, 30_000, 60_000, 120_000, 240_000]);
  pace.steady();
  expect(pace.due).toBe(true);
  pace.attempted();
  expect(untilDue(pace)).toBe(15_000);
});

it("tries again as soon as the holder's note is no longer trusted", () => {
  const pace = new ReclaimPace();
  pace.postponed(3_000);
  expect(untilDue(pace)).toBe(3_000);
});

it('waits twice as long after each loss to another tunnel, but not for examining the same one again', () => {
  const pace = new ReclaimPace();
  const lost = (session: string) => {
    pace.lostTo(session, 60_000);
    return untilDue(pace);
  };
  expect(lost('b 1 1')).toBe(60_000);
  expect(lost('b 1 1')).toBe(0);
  expect(['b 2 2', 'b 3 3', 'b 4 4', 'b 5 5', 'b 6 6'].map(lost)).toEqual([
    120_000, 240_000, 480_000, 600_000, 600_000,
  ]);
  pace.forget();
  expect(lost('b 7 7')).toBe(60_000);
});
