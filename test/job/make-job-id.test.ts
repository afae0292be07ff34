import { expect, it } from 'vitest';
import { checkJobId } from '../../src/job/job-id.ts';
import { jobId } from '../../src/job/make-job-id.ts';

it('keeps valid parts unchanged', () => {
  expect(jobId('billing', '2026-11-22', 3)).toBe('billing.2026-11-22.3');
});

it.each([
  [['scheduled__2026-11-22T00:00:00+00:00']],
  [['송장', '2026/11/22']],
  [['con']],
  [['nul.2026', 1]],
  [['.hidden']],
  [['-1']],
  [['ends with a dot.']],
  [['x'.repeat(300), 'y']],
  [['../../etc']],
])('builds the same valid id from %j every time', (parts) => {
  const id = jobId(...parts);
  expect(() => checkJobId(id)).not.toThrow();
  expect(jobId(...parts)).toBe(id);
});

it('builds different ids from different parts', () => {
  const all = [['a', 'b'], ['a.b'], ['a:b'], ['a+b'], ['a.b', 'c'], ['a', 'b.c'], ['a/b', 'c'], ['a_b', 'c']];
  const ids = all.map((parts) => jobId(...parts));
  expect(new Set(ids).size).toBe(all.length);
});

it('stays readable', () => {
  expect(jobId('dag', 'scheduled__2026-11-22T00:00:00+00:00')).toMatch(
    /^dag\.scheduled__2026-11-22T00_00_00_00_00-[0-9a-f]{10}$/,
  );
});

it('truncates long ids at the limit', () => {
  const longest = jobId(`first${'x'.repeat(300)}`);
  expect(longest).toMatch(/^firstx+-[0-9a-f]{10}$/);
  expect(() => checkJobId(longest)).not.toThrow();
  expect(() => checkJobId(`${longest}x`)).toThrow();
});

it.each([[[]], [['']], [[undefined]], [[Number.NaN]], [[{}]]])('rejects %j', (parts) => {
  expect(() => jobId(...(parts as string[]))).toThrow(/argument parts: .* given; .* would be right/);
});
