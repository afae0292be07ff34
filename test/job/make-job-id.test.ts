import { expect, it } from 'vitest';
import { checkJobId } from '../../src/job/job-id.ts';
import { jobId } from '../../src/job/make-job-id.ts';

it('keeps what is legal as it is', () => {
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
])('makes a legal id of %j, and always the same', (parts) => {
  const id = jobId(...parts);
  expect(() => checkJobId(id)).not.toThrow();
  expect(jobId(...parts)).toBe(id);
});

it('makes another id of other parts', () => {
  const all = [['a', 'b'], ['a.b'], ['a:b'], ['a+b'], ['a.b', 'c'], ['a', 'b.c'], ['a/b', 'c'], ['a_b', 'c']];
  const ids = all.map((parts) => jobId(...parts));
  expect(new Set(ids).size).toBe(all.length);
});

it('keeps what can be read', () => {
  expect(jobId('dag', 'scheduled__2026-11-22T00:00:00+00:00')).toMatch(
    /^dag\.scheduled__2026-11-22T00_00_00_00_00-[0-9a-f]{10}$/,
  );
});

it('keeps the beginning of what is too long, and as much of it as there is room for', () => {
  const longest = jobId(`first${'x'.repeat(300)}`);
  expect(longest).toMatch(/^firstx+-[0-9a-f]{10}$/);
  expect(() => checkJobId(longest)).not.toThrow();
  expect(() => checkJobId(`${longest}x`)).toThrow();
});

it.each([[[]], [['']], [[undefined]], [[Number.NaN]], [[{}]]])('refuses %j', (parts) => {
  expect(() => jobId(...(parts as string[]))).toThrow(/argument parts: .* given; .* would be right/);
});
