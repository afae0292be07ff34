import { describe, expect, it } from 'vitest';
import { tripsOfConnect } from '../../bench/cases/connect.ts';
import { inTurn, median, timedOpening } from '../../bench/support/measure.ts';
import { made } from './made-up.ts';

const spec = { id: 'connect-0', group: 'connect', name: 'a case', unit: 'ms' } as const;
const [a, b] = [{ name: 'a' }, { name: 'b' }];
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 100])).toBe(3.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });
});

describe('contenders in turn', () => {
  it('run A B A B, and the first round does not count', async () => {
    const order: string[] = [];
    const run = async ({ name }: { name: string }) => [order.push(name)];
    const [result] = await inTurn({ cases: [spec], contenders: [a, b], rounds: 3, run });
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
    expect(result?.results).toEqual([
      { contender: 'a', all: [3, 5, 7], median: 5 },
      { contender: 'b', all: [4, 6, 8], median: 6 },
    ]);
    expect(result).toMatchObject({ ...spec, date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  });

  it('give several values in one run', async () => {
    const second = { ...spec, id: 'connect-50' };
    const run = async () => [1, 2];
    const results = await inTurn({ cases: [spec, second], contenders: [a], rounds: 1, run });
    expect(results.map(({ id, results: [one] }) => [id, one?.median])).toEqual([
      ['connect-0', 1],
      ['connect-50', 2],
    ]);
  });

  it('go on without one that fails, whose reason is kept in one line', async () => {
    let runs = 0;
    const run = async ({ name }: { name: string }) => {
      runs++;
      if (name === 'a' && runs > 2) throw new Error('no\n  more');
      return [runs];
    };
    const [result] = await inTurn({ cases: [spec], contenders: [a, b], rounds: 2, run });
    expect(result?.results).toEqual([
      { contender: 'a', all: [], failed: 'no more' },
      { contender: 'b', all: [4, 5], median: 4.5 },
    ]);
  });

  it('stop early with one that is slow, whose first run then counts', async () => {
    const run = async ({ name }: { name: string }) => {
      await wait(name === 'a' ? 60 : 1);
      return [1];
    };
    const limits = { rounds: 4, budget: 100, leastRounds: 2 };
    const [result] = await inTurn({ cases: [spec], contenders: [a, b], ...limits, run });
    expect(result?.results.map(({ all }) => all.length)).toEqual([2, 4]);
  });
});

describe('a timed opening', () => {
  it('closes what it opened, and does not count that', async () => {
    let closed = false;
    const close = async () => {
      await wait(200);
      closed = true;
    };
    const ms = await timedOpening(async () => close);
    expect(closed).toBe(true);
    expect(ms).toBeLessThan(100);
  });
});

describe('round trips', () => {
  it("are what a longer line adds, and TCP's own", () => {
    const near = made('connect-50', 'connect', 'ms', { a: 300, b: 'broken' });
    const far = made('far', 'connect', 'ms', { a: [1050, 1052.5, 1200], b: 'broken' });
    const { id, unit, results } = tripsOfConnect(near, far);
    expect({ id, unit }).toEqual({ id: 'round-trips', unit: 'round trips' });
    expect(results[0]?.median).toBeCloseTo(6.02, 2);
    expect(results[1]).toEqual({ contender: 'b', all: [], failed: 'broken' });
  });
});
