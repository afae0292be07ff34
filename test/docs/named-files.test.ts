import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

const pages = ['CONTRIBUTING.md', 'SECURITY.md', ...filesIn('docs/internals', '.md')];
const workflows = filesIn('.github/workflows', '.yml');

/** Files and folders of the repository that a text names; `src/x` of a pattern with `*` is its folder. */
const namedIn = (text: string) =>
  [...text.matchAll(/(?<![\w./-])(?:src|test|scripts|docs|bench)\/[\w./*-]*\w/g)].map(([path]) => path);

it.each(pages)('%s names files that are there: a claim without its test is none', (page) => {
  const missing = namedIn(textOf(page)).filter(
    (path) => !existsSync(join(root, path.replace(/\/[^/]*\*.*$/, ''))),
  );
  expect(missing).toEqual([]);
});

it.each([...pages, ...workflows])('%s runs scripts that are there', (page) => {
  const named = [...textOf(page).matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

it.each(workflows)('%s names files that are there, and has no tab', (workflow) => {
  const text = textOf(workflow);
  expect(text).not.toContain('\t');
  expect(namedIn(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('every claim about sshd, Windows and zombies has a test beside it', () => {
  const sections = textOf('docs/internals/openssh.md').split(/^## /m).slice(1);
  const bare = sections
    .filter((text) => !/`test\/|no test repeats them/.test(text))
    .map((text) => text.split('\n')[0]);
  expect(bare).toEqual([]);
});
