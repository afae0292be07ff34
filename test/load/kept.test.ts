import { expect, it } from 'vitest';
import { kept } from '../../src/load/kept.ts';

it('loads a part once', async () => {
  let loads = 0;
  const part = kept(async () => ++loads);
  expect(await Promise.all([part(), part()])).toEqual([1, 1]);
  expect(await part()).toBe(1);
});

it('loads a part again after it could not be loaded', async () => {
  let loads = 0;
  const part = kept(async () => {
    if (++loads === 1) throw new Error('no more files');
    return loads;
  });
  await expect(part()).rejects.toThrow('no more files');
  expect(await part()).toBe(2);
});
