import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** What a translation must share with its original: the shape, the code, and every name that is not a word. */
function shapeOf(markdown: string) {
  const code = [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, kind, text]) => `${kind}:${text}`,
  );
  const prose = markdown
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/<!-- bench:start -->[\s\S]*?<!-- bench:end -->/, '');
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, level]) => level),
    code,
    tables: [...prose.matchAll(/^\|.*\|$/gm)].map(([row]) => row.split('|').length),
    indented: [...prose.matchAll(/^ {4}\S.*$/gm)].map(([line]) => line),
    links: [...prose.matchAll(/\]\(([^)]+)\)/g)]
      .map(([, target = '']) => target.replace('README.ko.md', 'README.md'))
      .sort(),
    errors: [
      ...new Set(prose.match(/`[A-Z][A-Za-z]+(?:Timeout|Refused|Missing|Invalid|Failed|Mismatch)`/g)),
    ].sort(),
  };
}

describe('README.ko.md', () => {
  it('has the headings, code blocks, tables, links and errors of README.md', () => {
    expect(shapeOf(read('README.ko.md'))).toEqual(shapeOf(read('README.md')));
  });

  it('is Korean in every paragraph', () => {
    const prose = read('README.ko.md')
      .replace(/^```[\s\S]*?^```$/gm, '')
      .replace(/<!-- bench:start -->[\s\S]*<!-- bench:end -->/, '')
      .split(/\n\n+/);
    const words = prose.filter(
      (one) => !/^( {4}|<!--|\[English|!\[|\||#|$)/.test(one) && /[A-Za-z]{4}/.test(one),
    );
    expect(words.filter((one) => !/[가-힣]/.test(one)).map((one) => one.trim())).toEqual(
      ['MIT'].filter((one) => words.includes(one)),
    );
  });
});

describe('docs/ko', () => {
  const files = readdirSync(join(root, 'docs/ko'));

  it.each(files)('%s names only errors and commands that there are', (file) => {
    const text = read(join('docs/ko', file));
    const exported =
      read('src/errors/index.ts') +
      readdirSync(join(root, 'src/errors'))
        .map((name) => read(join('src/errors', name)))
        .join('\n');
    const errors =
      text.match(/`[A-Z][A-Za-z]+(?:Timeout|Refused|Missing|Invalid|Failed|Mismatch|Lost)`/g) ?? [];
    expect(errors.filter((name) => !exported.includes(`class ${name.replaceAll('`', '')} `))).toEqual([]);
    const commands = [...text.matchAll(/^npx ssh-via-gateway (\w+)/gm)].map(([, name = '']) => name);
    const known = readdirSync(join(root, 'src/cli/commands')).map((name) => name.replace('.ts', ''));
    expect(commands.filter((name) => !known.includes(name))).toEqual([]);
  });
});
