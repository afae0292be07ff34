import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stateOf } from '../../scripts/build-state.mjs';

let folder: string;
const at = (name: string) => join(folder, name);
const state = () => stateOf([at('src'), at('package.json'), at('missing')], [at('src/.built')]);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'svg-build-'));
  mkdirSync(at('src/deep'), { recursive: true });
  writeFileSync(at('src/deep/a.ts'), 'a');
  writeFileSync(at('package.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is the same as long as no file differs', () => {
  const before = state();
  writeFileSync(at('src/deep/a.ts'), 'a');
  writeFileSync(at('src/.built'), 'what is not to count');
  writeFileSync(at('elsewhere'), 'b');
  expect(state()).toBe(before);
});

it.each<[string, () => void]>([
  ['a changed file', () => writeFileSync(at('src/deep/a.ts'), 'b')],
  ['a changed file that was named itself', () => writeFileSync(at('package.json'), '{ }')],
  ['another file', () => writeFileSync(at('src/b.ts'), '')],
  ['a file that is missing no longer', () => writeFileSync(at('missing'), '')],
  ['a lost file', () => rmSync(at('src/deep/a.ts'))],
  ['another name', () => renameSync(at('src/deep/a.ts'), at('src/deep/b.ts'))],
])('differs after %s', (_, change) => {
  const before = state();
  change();
  expect(state()).not.toBe(before);
});
