import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from '../../src/time/on-abort.ts';

it('calls every subscriber once, over one listener on the signal', () => {
  const abort = new AbortController();
  const calls: number[] = [];
  for (let i = 0; i < 50; i++) onAbort(abort.signal, () => calls.push(i));
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  abort.abort();
  abort.abort();
  expect(calls).toHaveLength(50);
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
});

it('leaves no listener on a signal without subscribers, and starts over', () => {
  const abort = new AbortController();
  let calls = 0;
  const [one, two] = [onAbort(abort.signal, () => calls++), onAbort(abort.signal, () => calls++)];
  one();
  two();
  two();
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  onAbort(abort.signal, () => calls++);
  abort.abort();
  expect(calls).toBe(1);
});

it('still calls the others when one unsubscribes', () => {
  const abort = new AbortController();
  const calls: string[] = [];
  const leave = onAbort(abort.signal, () => calls.push('left'));
  onAbort(abort.signal, () => calls.push('stays'));
  leave();
  abort.abort();
  expect(calls).toEqual(['stays']);
});
