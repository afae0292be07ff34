import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { windowsVersions } from '../../src/windows/versions.ts';
import { syntaxErrors } from '../support/powershell-syntax.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/windows.md'), 'utf8');

it('docs/windows.md names only tests that there are, and each of the suites for Windows', () => {
  const named = [...page.matchAll(/`((?:test\/|vitest\.|\.github\/)[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(named).toEqual(
    expect.arrayContaining(['test/wine', 'test/powershell', 'test/interop/windows-quoting.test.ts']),
  );
});

it('docs/windows.md has a row for each version that behaves differently', () => {
  for (const version of windowsVersions)
    expect(page).toMatch(new RegExp(`^\\| ${version.replace('.', '\\.')} `, 'm'));
});

it('the PowerShell of the documents can be read by PowerShell', async () => {
  const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const blocks = documents.flatMap((name) =>
    [...readFileSync(join(root, 'docs', name), 'utf8').matchAll(/^```powershell\n([\s\S]*?)^```$/gm)].map(
      ([, code = '']) => ({ name, code }),
    ),
  );
  expect(blocks.length).toBeGreaterThan(5);
  for (const { name, code } of blocks) expect(await syntaxErrors(code), `${name}: ${code}`).toEqual([]);
});
