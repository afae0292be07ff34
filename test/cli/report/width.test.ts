import { expect, test } from 'vitest';
import { table } from '../../../src/cli/report/table.ts';
import { firstColumns, lastColumns, padded, widthOf } from '../../../src/cli/report/width.ts';

const decomposed = '한글'.normalize('NFD');

test.each([
  ['in.json', 7],
  ['송장.xlsx', 9],
  [decomposed, 4],
  ['e\u0301', 1],
  ['👨‍👩‍👧', 2],
  ['❤️', 2],
  ['', 0],
])('%j takes %d columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

test('a text is truncated between characters, at either end', () => {
  expect(firstColumns('송장목록', 5)).toBe('송장');
  expect(lastColumns('송장목록', 5)).toBe('목록');
  expect(firstColumns(decomposed, 3)).toBe('한'.normalize('NFD'));
  expect(firstColumns('송장', 0)).toBe('');
});

test('columns of a table are aligned, whatever they contain', () => {
  const lines = table(
    ['NAME', 'N'],
    [
      ['송장', '1'],
      ['abcdef', '22'],
    ],
    new Set([1]),
  );
  expect(lines).toEqual(['NAME     N', '송장     1', 'abcdef  22']);
  expect(padded('송장', 6, true)).toBe('  송장');
});
