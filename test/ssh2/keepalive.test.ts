import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchLife } from '../../src/ssh2/transport/keepalive.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const interval = 1_000;

function watch(countMax = 3) {
  const life = { lastLifeAt: performance.now() };
  const onDead = vi.fn();
  const stop = watchLife(life, { interval, countMax }, onDead);
  const live = () => {
    life.lastLifeAt = performance.now();
  };
  return { onDead, stop, live };
}

describe('the watchdog', () => {
  it.each([1, 3, 10])(
    'declares a silent peer dead after interval x (countMax + 1), with countMax %d',
    (countMax) => {
      const { onDead } = watch(countMax);
      vi.advanceTimersByTime(interval * (countMax + 1) - 10);
      expect(onDead).not.toHaveBeenCalled();
      vi.advanceTimersByTime(50);
      expect(onDead).toHaveBeenCalledTimes(1);
      expect(onDead.mock.calls[0]?.[0]).toBeGreaterThanOrEqual(interval * (countMax + 1) - 10);
      vi.advanceTimersByTime(100_000);
      expect(onDead).toHaveBeenCalledTimes(1);
    },
  );

  it('counts from the last data received, at any time within an interval', () => {
    for (const offset of [1, 250, 999]) {
      const { onDead, live, stop } = watch();
      vi.advanceTimersByTime(5 * interval - interval - 500);
      live();
      vi.advanceTimersByTime(offset);
      live();
      vi.advanceTimersByTime(4 * interval - 20);
      expect(onDead).not.toHaveBeenCalled();
      vi.advanceTimersByTime(60);
      expect(onDead).toHaveBeenCalledTimes(1);
      stop();
    }
  });

  it('never declares a peer dead that sends data now and then', () => {
    const { onDead, live, stop } = watch(1);
    for (let round = 0; round < 100; round++) {
      vi.advanceTimersByTime(1.5 * interval);
      live();
    }
    expect(onDead).not.toHaveBeenCalled();
    stop();
  });

  it('leaves no timer when stopped, and reports nothing', () => {
    const { onDead, stop } = watch();
    vi.advanceTimersByTime(1_500);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100_000);
    expect(onDead).not.toHaveBeenCalled();
  });
});

describe('the watchdog of a process that was blocked', () => {
  beforeEach(() => void vi.useRealTimers());

  it('first gives the peer time to answer', async () => {
    const life = { lastLifeAt: performance.now() };
    const onDead = vi.fn();
    const stop = watchLife(life, { interval: 40, countMax: 2 }, onDead);
    const end = performance.now() + 400;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(onDead).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(onDead).toHaveBeenCalledTimes(1));
    stop();
  });
});
