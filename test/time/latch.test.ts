import { expect, it } from 'vitest';
import { latch } from '../../src/time/latch.ts';

it('is settled by the first call and reports that', async () => {
  const resolved = latch<number>();
  expect(resolved.settled).toBe(false);
  resolved.resolve(1);
  expect(resolved.settled).toBe(true);
  resolved.reject(new Error('too late'));
  expect(await resolved.promise).toBe(1);

  const rejected = latch<number>();
  const reason = new Error('no');
  rejected.reject(reason);
  expect(rejected.settled).toBe(true);
  rejected.resolve(1);
  await expect(rejected.promise).rejects.toBe(reason);
});
