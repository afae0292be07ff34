import { expect, it } from 'vitest';
import { loadInTurns } from '../../src/load/in-turns.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('loads each part in a turn of its own, in order, and none at once', async () => {
  const log: string[] = [];
  const loading = loadInTurns([() => log.push('one'), async () => log.push('two'), () => log.push('three')]);
  setImmediate(() => log.push('the network'));
  await Promise.resolve();
  expect(log).toEqual([]);
  await turn();
  expect(log).toEqual(['one', 'the network']);
  await loading;
  expect(log).toEqual(['one', 'the network', 'two', 'three']);
});

it('leaves the errors of a part to whoever needs it, and loads the others', async () => {
  const log: string[] = [];
  const broken = () => {
    throw new Error('broken');
  };
  await loadInTurns([broken, async () => broken(), () => log.push('loaded')]);
  expect(log).toEqual(['loaded']);
});
