import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { columnsOf, terminalSvg, wrap } from '../../scripts/terminal-svg.mjs';
import { runDemo } from '../../src/cli/demo/demo.ts';

test('the picture of the demo shows what the demo says now', { timeout: 30_000 }, async () => {
  const said: string[] = [];
  expect(await runDemo((line) => said.push(line))).toBe(0);
  const picture = await readFile(new URL('../../docs/demo.svg', import.meta.url), 'utf8');
  // Times and ports differ from run to run; what was checked does not.
  const checks = said
    .filter((line) => /\bcheck {4}/.test(line))
    .map((line) => line.replace(/^.*\bcheck {4}/, ''));
  expect(checks).toHaveLength(7);
  for (const check of checks) expect(picture).toContain(check.replace(/after [\d.]+ ms/, '').trim());
  expect(picture).toContain('7 of 7 checks passed');
});

test('a terminal gives East Asian characters two columns', () => {
  expect([columnsOf('abc'), columnsOf('송장'), columnsOf('ｱ')]).toEqual([3, 4, 1]);
  expect(wrap('송장 송장 송장', 10)).toEqual(['송장 송장 ', '송장']);
  expect(wrap('  0.10 s  PC       one two three', 25)).toEqual([
    '  0.10 s  PC       one ',
    '                   two ',
    '                   three',
  ]);
});

test('what a program wrote cannot become markup', () => {
  expect(terminalSvg('<t>', 'a <b> & c\n')).toContain('a &lt;b&gt; &amp; c');
});
