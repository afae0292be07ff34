import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** What npm would pack; what is built is not looked at here. */
function packedFiles(): string[] {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const said = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  });
  const [{ files }] = JSON.parse(said) as [{ files: Array<{ path: string }> }];
  return files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
}

/** The files of the package that a page links to, code left out. */
function linksOf(page: string): string[] {
  const prose = readFileSync(join(root, page), 'utf8')
    .replace(/^(```+)[\s\S]*?^\1[ \t]*$/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));
  return [...prose.matchAll(/\]\(\s*<?([^)\s>#]*)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => target !== '' && !/^[a-z][a-z0-9+.-]*:/i.test(target))
    .map((target) => normalize(join(dirname(page), decodeURIComponent(target))));
}

const files = packedFiles();
const pages = files.filter((file) => file.endsWith('.md'));

describe('in the package', () => {
  it('there are pages to look at', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'README.ko.md', 'docs/cli.md', 'docs/ko/night-shift.md']),
    );
    expect(linksOf('README.md').length).toBeGreaterThan(15);
  });

  it.each(pages)('every link of %s leads to a file of the package', (page) => {
    expect(linksOf(page).filter((target) => !files.includes(target))).toEqual([]);
  });

  it.each(['README.md', 'README.ko.md'])('every page of docs is reached from %s', (start) => {
    const reached = new Set([start]);
    for (const page of reached) {
      for (const target of linksOf(page).filter((one) => pages.includes(one))) reached.add(target);
    }
    expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });

  it('README.ko.md itself leads to the pages in Korean', () => {
    const korean = pages.filter((page) => page.startsWith('docs/ko/'));
    expect(linksOf('README.ko.md')).toEqual(expect.arrayContaining(korean));
  });
});
