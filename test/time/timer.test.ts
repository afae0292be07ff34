import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { harmless } from '../../src/time/harmless.ts';
import { latch } from '../../src/time/latch.ts';
import { PhaseClock } from '../../src/time/phase-clock.ts';
import { orStopped, stopSignal } from '../../src/time/stop-signal.ts';
import { maxDelay, sleep, startTimer } from '../../src/time/timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('startTimer', () => {
  it('fires once, after its time', () => {
    const fire = vi.fn();
    startTimer(100, fire);
    vi.advanceTimersByTime(99);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('does not fire when stopped, and leaves no timer', () => {
    const fire = vi.fn();
    startTimer(100, fire)();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(fire).not.toHaveBeenCalled();
  });

  it('never fires for Infinity, and needs no timer for it', () => {
    startTimer(Number.POSITIVE_INFINITY, () => expect.unreachable());
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([2 ** 31, 2 ** 31 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'does not fire at once for %d ms',
    (ms) => {
      const fire = vi.fn();
      const stop = startTimer(ms, fire);
      vi.advanceTimersByTime(maxDelay - 1);
      expect(fire).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(fire).toHaveBeenCalledTimes(1);
      stop();
    },
  );
});

describe('sleep', () => {
  it('resolves after its time and lets go of the signal', async () => {
    const { signal } = new AbortController();
    const slept = sleep(50, signal);
    await vi.advanceTimersByTimeAsync(50);
    await slept;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects with the reason at once when aborted, and leaves no timer', async () => {
    const controller = new AbortController();
    const slept = sleep(1e9, controller.signal);
    controller.abort('enough');
    await expect(slept).rejects.toBe('enough');
    expect(vi.getTimerCount()).toBe(0);
    await expect(sleep(1, controller.signal)).rejects.toBe('enough');
  });
});

describe('latch', () => {
  it('keeps the first outcome', async () => {
    const one = latch<number>();
    expect(one.settled).toBe(false);
    one.resolve(1);
    one.reject(new Error('late'));
    one.resolve(2);
    expect(one.settled).toBe(true);
    expect(await one.promise).toBe(1);
  });
});

describe('PhaseClock', () => {
  it('does not count pauses, and goes on with what was left', () => {
    const fire = vi.fn();
    const clock = new PhaseClock();
    clock.start(100, fire);
    vi.advanceTimersByTime(60);
    clock.pause();
    clock.pause();
    vi.advanceTimersByTime(10_000);
    clock.resume();
    vi.advanceTimersByTime(10_000);
    expect(fire).not.toHaveBeenCalled();
    clock.resume();
    vi.advanceTimersByTime(39);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('cannot be kept going by pauses of no length', () => {
    const fire = vi.fn();
    const clock = new PhaseClock();
    clock.start(100, fire);
    for (let round = 0; round < 10; round++) {
      clock.pause();
      clock.resume();
      vi.advanceTimersByTime(11);
    }
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('stays stopped when a pause ends afterwards', () => {
    const clock = new PhaseClock();
    clock.start(100, () => expect.unreachable());
    clock.pause();
    clock.stop();
    clock.resume();
    clock.resume();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts the next phase with all of its time', () => {
    const fire = vi.fn();
    const clock = new PhaseClock();
    clock.start(100, () => expect.unreachable());
    vi.advanceTimersByTime(99);
    clock.start(100, fire);
    expect(clock.elapsed).toBe(0);
    vi.advanceTimersByTime(99);
    expect(fire).not.toHaveBeenCalled();
    expect(clock.elapsed).toBe(99);
    clock.stop();
  });
});

describe('stopSignal', () => {
  it('aborts with the caller, with his reason', () => {
    const controller = new AbortController();
    const stop = stopSignal(controller.signal, Number.POSITIVE_INFINITY);
    controller.abort('his reason');
    expect(stop.signal.reason).toBe('his reason');
    expect(stop.timedOut).toBe(false);
  });

  it('aborts when the time is over, and says that it was the time', () => {
    const stop = stopSignal(undefined, 100);
    vi.advanceTimersByTime(100);
    expect(stop.signal.aborted).toBe(true);
    expect(stop.timedOut).toBe(true);
  });

  it('lets go of the signal and the timer', () => {
    const { signal } = new AbortController();
    stopSignal(signal, 100).clear();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('orStopped', () => {
  it('gives what the work gives, and lets go of the signal', async () => {
    const { signal } = new AbortController();
    expect(await orStopped(Promise.resolve(1), signal)).toBe(1);
    expect(await orStopped(2, signal)).toBe(2);
    await expect(orStopped(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('does not wait for work that never ends', async () => {
    const controller = new AbortController();
    const waiting = orStopped(new Promise(() => {}), controller.signal);
    controller.abort('stop');
    await expect(waiting).rejects.toBe('stop');
  });
});

describe('harmless', () => {
  it('lets neither a throw nor a rejection out', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    harmless(() => {
      throw new Error('sync');
    });
    harmless(() => Promise.reject(new Error('async')));
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
