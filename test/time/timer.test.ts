import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { growingWait } from '../../src/time/growing-wait.ts';
import { harmless } from '../../src/time/harmless.ts';
import { latch } from '../../src/time/latch.ts';
import { orAborted } from '../../src/time/on-abort.ts';
import { PhaseClock } from '../../src/time/phase-clock.ts';
import { stopSignal } from '../../src/time/stop-signal.ts';
import { atMost, maxDelay, sleep, startTimer } from '../../src/time/timer.ts';

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

  it('keeps the process alive unless unref is requested', () => {
    vi.useRealTimers();
    const made = vi.spyOn(globalThis, 'setTimeout');
    startTimer(60_000, () => {})();
    startTimer(60_000, () => {}, false)();
    expect(made.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([true, false]);
    made.mockRestore();
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
  it('resolves after its time and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    const slept = sleep(50, signal);
    await vi.advanceTimersByTimeAsync(50);
    await slept;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects with the reason at once on an abort, and leaves no timer', async () => {
    const controller = new AbortController();
    const slept = sleep(1e9, controller.signal);
    controller.abort('enough');
    await expect(slept).rejects.toBe('enough');
    expect(vi.getTimerCount()).toBe(0);
    await expect(sleep(1, controller.signal)).rejects.toBe('enough');
  });
});

describe('atMost', () => {
  it('settles with what arrives in time, also an error, and leaves no timer', async () => {
    expect(await atMost(100, Promise.resolve('here'))).toBe('here');
    const reason = new Error('no');
    await expect(atMost(100, Promise.reject(reason))).rejects.toBe(reason);
    await Promise.resolve();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('resolves with undefined after the time', async () => {
    const late = atMost(100, new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(100);
    expect(await late).toBeUndefined();
  });
});

describe('growingWait', () => {
  const growth = { minDelay: 100, factor: 2, maxDelay: 1_000, jitter: 0.5 };

  it('grows up to the maximum', () => {
    const waits = [-1, 0, 1, 2, 3, 4, 5_000].map((before) => growingWait(growth, before, () => 0.5));
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
  });

  it('is spread by jitter, and never exceeds the maximum', () => {
    expect([0, 1].map((at) => growingWait(growth, 0, () => at))).toEqual([50, 150]);
    expect([0, 1].map((at) => growingWait(growth, 9, () => at))).toEqual([500, 1_000]);
    expect(growingWait({ minDelay: 100, factor: 2, maxDelay: 1_000 }, 0, () => 1)).toBe(100);
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
  it('ends a phase without pauses after its limit', () => {
    const fire = vi.fn();
    new PhaseClock().start(100, fire);
    vi.advanceTimersByTime(99);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledTimes(1);
  });

  it('does not count pauses, and continues with the rest', () => {
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

  it('cannot be extended by pauses of zero length', () => {
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

  it('stays stopped if a pause ends afterwards', () => {
    const clock = new PhaseClock();
    clock.start(100, () => expect.unreachable());
    clock.pause();
    clock.stop();
    clock.resume();
    clock.resume();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts the next phase with its full time', () => {
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
  it("aborts with the caller's signal and its reason", () => {
    const controller = new AbortController();
    const stop = stopSignal(controller.signal, Number.POSITIVE_INFINITY);
    controller.abort('his reason');
    expect(stop.signal.reason).toBe('his reason');
    expect(stop.timedOut).toBe(false);
  });

  it("is aborted if the caller's signal is, and accepts any number of listeners", () => {
    const stop = stopSignal(AbortSignal.abort('his reason'), 100);
    expect([stop.signal.aborted, stop.signal.reason, stop.timedOut]).toEqual([true, 'his reason', false]);
    stop.clear();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { signal } = stopSignal(undefined, Infinity);
    for (let n = 0; n < 20; n++) signal.addEventListener('abort', () => {});
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it('aborts after the time, and reports the timeout', () => {
    const stop = stopSignal(undefined, 100);
    vi.advanceTimersByTime(100);
    expect(stop.signal.aborted).toBe(true);
    expect(stop.timedOut).toBe(true);
  });

  it('releases the signal and the timer', () => {
    const { signal } = new AbortController();
    stopSignal(signal, 100).clear();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('orAborted', () => {
  it('settles as the work does, and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    expect(await orAborted(2, signal)).toBe(2);
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('does not wait for work that never ends', async () => {
    const controller = new AbortController();
    const waiting = orAborted(new Promise(() => {}), controller.signal);
    controller.abort('stop');
    await expect(waiting).rejects.toBe('stop');
    await expect(orAborted(new Promise(() => {}), controller.signal)).rejects.toBe('stop');
  });
});

describe('harmless', () => {
  it('contains exceptions and rejections', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    harmless(() => {
      throw new Error('sync');
    });
    const fails = vi.fn(() => Promise.reject(new Error('async')));
    harmless(fails);
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(fails).toHaveBeenCalledOnce();
  });
});
