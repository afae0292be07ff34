import type { BigIntStats } from 'node:fs';
import { expect, test } from 'vitest';
import { Unchanged } from '../../src/files/unchanged.ts';

const minuteAgo = BigInt(Date.now() - 60_000);

function stats(change: Partial<Record<keyof BigIntStats, bigint | (() => boolean)>> = {}): BigIntStats {
  const state = { dev: 1n, ino: 2n, size: 30n, mtimeMs: minuteAgo, ctimeMs: minuteAgo };
  const times = { mtimeNs: minuteAgo * 1_000_000n, ctimeNs: minuteAgo * 1_000_000n };
  return { ...state, ...times, isFile: () => true, ...change } as unknown as BigIntStats;
}

test('an unchanged file is not read again', () => {
  const unchanged = new Unchanged();
  const file = { path: '/a' };
  expect(unchanged.get('/a', stats())).toBeUndefined();
  unchanged.keep(file, stats());
  expect(unchanged.get('/a', stats())).toBe(file);
  expect(unchanged.get('/b', stats())).toBeUndefined();
});

test.each(['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const)(
  'a different %s means a different file',
  (what) => {
    const unchanged = new Unchanged();
    unchanged.keep({ path: '/a' }, stats());
    expect(unchanged.get('/a', stats({ [what]: 7n }))).toBeUndefined();
  },
);

test.each([
  ['its contents have just changed', { mtimeMs: BigInt(Date.now() - 4_000) }],
  ['it has just been replaced or renamed', { ctimeMs: BigInt(Date.now() - 4_000) }],
  ['its clock is ahead', { mtimeMs: BigInt(Date.now() + 60_000) }],
  ['it is a device', { isFile: () => false }],
  ['it is a giant', { size: 17n * 1024n * 1024n }],
])('a file is not cached if %s, nor what was cached before', (_why, change) => {
  const unchanged = new Unchanged();
  unchanged.keep({ path: '/a' }, stats());
  unchanged.keep({ path: '/a' }, stats(change));
  expect(unchanged.get('/a', stats(change))).toBeUndefined();
  expect(unchanged.get('/a', stats())).toBeUndefined();
});

test('the latest eight files are cached', () => {
  const unchanged = new Unchanged();
  for (const path of ['/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8']) unchanged.keep({ path }, stats());
  unchanged.keep({ path: '/1' }, stats());
  unchanged.keep({ path: '/9' }, stats());
  const kept = [1, 2, 3, 9].map((name) => unchanged.get(`/${name}`, stats()) !== undefined);
  expect(kept).toEqual([true, false, true, true]);
});
