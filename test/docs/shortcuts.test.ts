import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { insides } from '../../src/ssh2/insides/registry/registry.ts';

const root = resolve(import.meta.dirname, '../..');
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
const rows = textOf('docs/internals/shortcuts.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| shortcut'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const testsIn = (cell = '') => [...cell.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path = '']) => path);
const named = new Set(rows.flatMap(([, , , , tests]) => testsIn(tests)));

it('each shortcut lists the servers it is for, and tests', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const [, shortcut, servers, , tests] of rows) {
    expect([shortcut, servers]).not.toContain('');
    expect([shortcut, testsIn(tests).length]).not.toEqual([shortcut, 0]);
  }
});

it('one that is not for every server says what others get', () => {
  for (const [, shortcut, servers, others] of rows)
    if (servers !== 'every server') expect([shortcut, others]).not.toEqual([shortcut, '']);
});

it('whatever of ssh2 is replaced to save round trips or processor time has its test in the table', () => {
  const forSpeed = Object.entries(insides).filter(
    ([, row]) =>
      row.need === 'speed' &&
      /round trip|processor time| ms of /.test((row as { figure?: string }).figure ?? ''),
  );
  expect(forSpeed.length).toBeGreaterThan(5);
  for (const [name, { test }] of forSpeed) expect([name, named.has(test)]).toEqual([name, true]);
});
