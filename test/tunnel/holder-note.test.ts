import { expect, it } from 'vitest';
import { readHolderNote, readWanted } from '../../src/tunnel/holder/holder.ts';

it('reads the numbers of a note, and accepts nothing else', () => {
  const words = ['7', '100', 'b', 'pc', 'id', '60', '120', '250'];
  expect(readHolderNote(words)).toMatchObject({ upAt: 60, every: 120, took: 250 });
  expect(readHolderNote([...words.slice(0, 7), 'mute'])).toMatchObject({ took: 'mute' });
  const name = (length: number) => readHolderNote(['7', '100', 'b', 'x'.repeat(length)])?.machine;
  expect([name(64), name(65)]).toEqual(['x'.repeat(64), `${'x'.repeat(64)}... (1 more)`]);
  for (const wrong of ['', '-1', '1.5', '0x1', '1e3', '1234567890123', ' 1']) {
    const note = readHolderNote([...words.slice(0, 5), wrong, wrong, wrong]);
    expect([note?.upAt, note?.every, note?.took], wrong).toEqual([undefined, undefined, undefined]);
  }
  expect(readHolderNote(words.slice(0, 3))).toEqual({ pid: '7', start: '100', boot: 'b' });
  expect(readHolderNote(words.slice(0, 2))).toBeUndefined();
  expect(readHolderNote(undefined)).toBeUndefined();
});

it('reads a request for the port from this boot of the gateway, and none from the future', () => {
  const now = { boot: 'b', now: '100' };
  expect(readWanted(['b', '40', 'pc', 'id'], now)).toEqual({ machine: 'pc', tunnel: 'id', ago: 60 });
  expect(readWanted(['b', '100', 'pc', 'id'], now)?.ago).toBe(0);
  for (const wrong of [
    ['a', '40', 'pc', 'id'],
    ['b', '101', 'pc', 'id'],
    ['b', 'x', 'pc', 'id'],
    ['b', '40', 'pc'],
  ])
    expect(readWanted(wrong, now), wrong.join(' ')).toBeUndefined();
  expect(readWanted(['b', '40', 'pc', 'id'], { ...now, now: undefined })).toBeUndefined();
  expect(readWanted(undefined, now)).toBeUndefined();
});
