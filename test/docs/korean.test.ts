import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inKorean } from '../../bench/report/korean.ts';
import { steps } from '../../src/cli/doctor/steps.ts';
import { english } from '../../src/cli/doctor/words/english.ts';
import { korean } from '../../src/cli/doctor/words/korean.ts';
import type { FailureFacts, Words } from '../../src/cli/doctor/words/words.ts';

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

  it('has the table of speeds in Korean, with the figures of README.md', () => {
    const table = (file: string) => /<!-- bench:start -->([\s\S]*?)<!-- bench:end -->/.exec(read(file))![1]!;
    const figures = (text: string) =>
      [...text.matchAll(/^\|[^|\n]*\|([^|\n]*)\|([^|\n]*)\|$/gm)]
        .slice(1)
        .map(([, ours, theirs = '']) => [ours, theirs.replace(/x\)/, '배)')]);
    expect(figures(table('README.ko.md'))).toEqual(figures(table('README.md')));
    expect(table('README.ko.md')).toBe(inKorean(table('README.md')));
    const names =
      /ssh-via-gateway|ssh2|node-ssh|no-delay|paramiko|AsyncSSH|OpenSSH|scp|MaxSessions|exec|RTT|ms|MiB|KiB|MB\/s/g;
    const [rows = ''] = table('README.ko.md').trim().split('\n\n');
    expect(rows.replace(names, '').match(/[A-Za-z]{2,}/g)).toBe(null);
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

/** Everything that doctor says in a language, in one text. */
function saidBy({ failures, atJump, disk, notThePc }: Words): string {
  const facts = new Proxy({}, { get: () => 'X' }) as FailureFacts;
  const says = [...Object.values(failures), ...Object.values(atJump)].map((one) => one.says(facts));
  return [...says, disk.full, notThePc('X')].join('\n');
}

describe("the tables of doctor's words", () => {
  const rowsBelow = (file: string, heading: RegExp) => {
    const [, part = ''] = read(file).split(heading);
    return [...part.split(/^## /m)[0]!.matchAll(/^\| (?!-)(.*) \|$/gm)]
      .map(([, row = '']) => row.split(' | '))
      .slice(1);
  };

  it.each([
    ['README.md', /^## What doctor says$/m, english],
    ['README.ko.md', /^## doctor가 하는 말$/m, korean],
  ] as const)('%s has words that doctor says, with the exit code of a step', (file, heading, words) => {
    const rows = rowsBelow(file, heading);
    expect(rows.length).toBe(11);
    const codes = Object.values(steps).map(({ exitCode }) => String(exitCode));
    for (const [said = '', , exitCode] of rows) {
      expect(codes).toContain(exitCode);
      expect(saidBy(words)).toContain(said.replaceAll('`', ''));
    }
  });

  it('the page for the night shift has a row for what doctor says', () => {
    const rows = rowsBelow('docs/ko/night-shift.md', /^## 판정별로 할 일$/m);
    expect(rows.length).toBe(8);
    for (const [verdict = ''] of rows) expect(saidBy(korean)).toContain(verdict.replace(/ \(.*/, '').trim());
  });
});

describe('docs/ko', () => {
  const files = readdirSync(join(root, 'docs/ko'));

  it.each(['README.ko.md', ...files.map((file) => `docs/ko/${file}`)])(
    '%s calls a worker by one name, that of doctor',
    (file) => expect(read(file)).not.toContain('작업자'),
  );

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

describe('docs/ko/pc-into-service.md', () => {
  const english = read('docs/onboarding.md');
  const korean = read('docs/ko/pc-into-service.md');
  const inline = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const rows = (text: string) => [...text.matchAll(/^\|(?! *-)(.*)\|$/gm)].map(([, row = '']) => inline(row));
  const withoutBlocks = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '');
  /** What a new customer needs: from the customer's entry to its end. */
  const between = (text: string, from: string, to?: string) =>
    text.slice(text.indexOf(from), to === undefined ? undefined : text.indexOf(to));

  it('has the commands of the English page, each as it is there', () => {
    const part = between(english, '## 2. The customer', '## When it does not work');
    expect(shapeOf(korean).code).toEqual(shapeOf(part).code);
  });

  it('has its tables: keys, switches of the script, and what to do for each line of the PC', () => {
    const keys = (text: string) => rows(text).slice(0, 5);
    expect(keys(korean)).toEqual(keys(between(english, '| key | made by |')));
    const switches = (text: string) =>
      rows(text).filter((row) => row.some((code) => /^--?(status|update|key|uninstall)$/i.test(code)));
    const isShort = (row: readonly string[]) => row.length === 2;
    expect(switches(korean).filter(isShort)).toEqual(switches(english).filter(isShort));
    // The first rows are about the gateway's set-up.
    const advice = rows(between(english, '## When it does not work')).filter(
      ([first]) => first !== 'setup gateway' && first !== 'Match',
    );
    expect(rows(between(korean, '## 안 될 때')).map((row) => [...row].sort())).toEqual(
      advice.map((row) => [...row].sort()),
    );
  });

  it('names nothing that the English page does not name, and is Korean in every paragraph', () => {
    const names = inline(withoutBlocks(korean));
    expect(names.filter((name) => !english.includes(name))).toEqual([]);
    const paragraphs = withoutBlocks(korean)
      .split(/\n\n+/)
      .filter((one) => /[A-Za-z]{4}/.test(one));
    expect(paragraphs.filter((one) => !/[가-힣]/.test(one))).toEqual([]);
  });
});

it.each([
  ['docs/ko/night-shift.md', /^/],
  ['docs/cli.md', /^## Everyday use$/m],
] as const)(
  '%s: every line that goes to a PC says under which name its host key is on record',
  (file, from) => {
    const [, part = ''] = file === 'docs/cli.md' ? read(file).split(from) : ['', read(file)];
    const lines = [
      ...part
        .split(/^## (?!판정|좀비|RPA)/m)[0]!
        .matchAll(/^(?:npx )?ssh-via-gateway (?:doctor|exec|put|get|ls|shell|job \w+) .*$/gm),
    ].map(([line]) => line);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => !/ -c \w| --host-key-alias /.test(line))).toEqual([]);
  },
);
