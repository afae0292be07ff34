import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RetryPace } from '../../src/ssh2/slots/retry-pace.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

it('waits longer each time up to a maximum, and starts over after a success', () => {
  const pace = new RetryPace([10, 20], 3, 500);
  const waits = [];
  for (let n = 0; n < 5; n++) {
    expect(pace.isDue).toBe(true);
    pace.refused();
    waits.push(pace.ms);
    expect(pace.isDue).toBe(false);
    vi.advanceTimersByTime(pace.ms);
  }
  expect(waits).toEqual([10, 20, 20, 500, 500]);
  pace.refused();
  pace.reset();
  expect(pace.isDue).toBe(true);
  pace.refused();
  expect(pace.ms).toBe(10);
});

it('is due exactly on time', () => {
  const pace = new RetryPace([10], 9, 500);
  pace.putOff(2);
  vi.advanceTimersByTime(1);
  expect(pace.isDue).toBe(false);
  vi.advanceTimersByTime(1);
  expect(pace.isDue).toBe(true);
});

it('counts simultaneous refusals once', () => {
  const pace = new RetryPace([10, 20], 9, 500);
  for (let n = 0; n < 4; n++) pace.refused();
  vi.advanceTimersByTime(10);
  pace.refused();
  expect(pace.ms).toBe(20);
});

it('can be put off', () => {
  const pace = new RetryPace([10], 9, 500);
  pace.putOff(70);
  expect(pace.isDue).toBe(false);
  vi.advanceTimersByTime(70);
  expect(pace.isDue).toBe(true);
});
