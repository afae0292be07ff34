import { describe, expect, it, vi } from 'vitest';
import { onAbort } from '../../src/time/on-abort.ts';
import { StopSwitch } from '../../src/time/stop-switch.ts';

describe('a StopSwitch', () => {
  it('calls its listeners once, and keeps the first reason', () => {
    const stop = new StopSwitch();
    const listener = vi.fn();
    onAbort(stop, listener);
    expect(stop.aborted).toBe(false);
    stop.abort('first');
    stop.abort('second');
    expect(listener).toHaveBeenCalledOnce();
    expect(stop).toMatchObject({ aborted: true, reason: 'first' });
  });

  it('provides a signal, before and after the end', () => {
    const before = new StopSwitch();
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.abort('enough');
    expect(signal).toMatchObject({ aborted: true, reason: 'enough' });
    const after = new StopSwitch();
    after.abort('late');
    expect(after.signal).toMatchObject({ aborted: true, reason: 'late' });
  });

  it('does not call unsubscribed listeners', () => {
    const stop = new StopSwitch();
    const listener = vi.fn();
    onAbort(stop, listener)();
    stop.abort();
    expect(listener).not.toHaveBeenCalled();
  });
});
