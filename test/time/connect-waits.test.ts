import { describe, expect, it } from 'vitest';
import { defaultRetry } from '../../src/options/defaults.ts';
import { ConnectWaits, type PortVerdict } from '../../src/time/connect-waits.ts';

const z: PortVerdict = 'zombie';
const d: PortVerdict = 'zombie-died';
const o: PortVerdict = 'other';
const plain = { ...defaultRetry, jitter: 0 };
const waits = (verdicts: PortVerdict[], settings = plain, random = () => 0.5) => {
  const backoff = new ConnectWaits(settings, random);
  return verdicts.map((verdict) => backoff.next(verdict));
};

describe('the waits between attempts', () => {
  it.each([
    ['double up to the longest', [o, o, o, o, o, o, o], [2e3, 4e3, 8e3, 16e3, 32e3, 60e3, 60e3]],
    [
      'are quiet, and twice as quiet, after each zombie in a row',
      [z, z, z, z, z, z],
      [45e3, 90e3, 180e3, 360e3, 720e3, 720e3],
    ],
    ['begin small again after a zombie', [o, o, z, o, o], [2e3, 4e3, 45e3, 2e3, 4e3]],
    ['count zombies anew after anything else', [z, z, o, z], [45e3, 90e3, 2e3, 45e3]],
    ['count zombies anew after one has died', [z, z, d, z], [45e3, 90e3, 0, 45e3]],
    ['are none when the zombie has just died', [z, d, o, z], [45e3, 0, 250, 45e3]],
    ['grow when something keeps closing after a silence', [d, d, d, o, d], [0, 250, 500, 1e3, 0]],
  ])('%s', (_what, verdicts, wanted) => {
    expect(waits(verdicts as PortVerdict[])).toEqual(wanted);
  });

  it('add up to about five minutes with the defaults', () => {
    const total = waits(Array<PortVerdict>(defaultRetry.attempts - 1).fill(o)).reduce((a, b) => a + b);
    expect(total).toBeGreaterThan(4 * 60_000);
    expect(total).toBeLessThan(6 * 60_000);
  });

  it.each([0, 0.25, 0.5, 0.75, 0.999])('stay within the jitter and the maximum (random %d)', (random) => {
    const settings = { ...defaultRetry, jitter: 0.1 };
    for (const [at, wait] of waits([o, o, o, o, o, o, o, o], settings, () => random).entries()) {
      const exact = Math.min(60_000, 2_000 * 2 ** at);
      expect(wait).toBeGreaterThanOrEqual(exact * 0.9 - 1);
      expect(wait).toBeLessThanOrEqual(Math.min(60_000, exact * 1.1 + 1));
    }
  });

  it('are never shorter than quiet after a zombie, whatever the jitter', () => {
    for (const random of [0, 0.5, 0.999]) {
      expect(waits([z], { ...defaultRetry, jitter: 1 }, () => random)[0]).toBeGreaterThanOrEqual(45_000);
    }
  });

  it('stay finite after thousands of attempts, even with no delay', () => {
    const many = Array<PortVerdict>(3_000).fill(o);
    expect(waits(many).every((wait) => wait >= 0 && wait <= 60_000)).toBe(true);
    expect(waits(many, { ...plain, minDelay: 0, factor: 100 }).every((wait) => wait === 0)).toBe(true);
    expect(waits(Array<PortVerdict>(3_000).fill(z)).every((wait) => wait <= 720_000)).toBe(true);
  });
});
