import { describe, expect, it, vi } from 'vitest';
import { Listeners } from '../../src/time/listeners.ts';

describe('listeners', () => {
  it('are called in the order of subscription, each once', () => {
    const listeners = new Listeners<string>();
    expect(listeners.size).toBe(0);
    const told: string[] = [];
    for (const name of ['a', 'b', 'c']) listeners.add((value) => told.push(name + value));
    expect(listeners.size).toBe(3);
    listeners.tell('1');
    listeners.tell('2');
    expect(told).toEqual(['a1', 'b1', 'c1']);
    expect(listeners.size).toBe(0);
  });

  it('are not called after they unsubscribed, whatever their position', () => {
    const listeners = new Listeners<void>();
    const told: number[] = [];
    const leave = [0, 1, 2, 3, 4].map((number) => listeners.add(() => told.push(number)));
    for (const place of [0, 2, 4, 2]) leave[place]?.();
    expect(listeners.size).toBe(2);
    listeners.tell();
    expect(told).toEqual([1, 3]);
    for (const go of leave) go();
    expect(listeners.size).toBe(0);
  });

  it('may subscribe and unsubscribe during a call', () => {
    const listeners = new Listeners<void>();
    const late = vi.fn();
    const gone = vi.fn();
    listeners.add(() => {
      leave();
      listeners.add(late);
    });
    const leave = listeners.add(gone);
    listeners.tell();
    expect(gone).not.toHaveBeenCalled();
    expect(late).toHaveBeenCalledOnce();
    expect(listeners.size).toBe(0);
  });

  it('are all called even if one throws', () => {
    const listeners = new Listeners<void>();
    const other = vi.fn();
    listeners.add(() => {
      throw new Error('mine');
    });
    listeners.add(other);
    expect(() => listeners.tell()).toThrow('mine');
    listeners.tell();
    expect(other).toHaveBeenCalledOnce();
  });
});
