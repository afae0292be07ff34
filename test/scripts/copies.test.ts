import { expect, it } from 'vitest';
import { copiesIn, linesOf, sources } from '../../scripts/copies.mjs';

const six = ['a();', 'b();', 'c();', 'd();', 'e();', 'f();'];

it('finds six consecutive lines that occur twice, ignoring blank lines and comments between', () => {
  const spread = six.flatMap((line) => [`    ${line}`, '', '}', '// words', ' * more words']);
  expect(copiesIn({ 'one.ts': six.join('\n'), 'two.ts': spread.join('\n') })).toEqual([
    { where: 'one.ts:1 two.ts:1', lines: six.join('\n') },
  ]);
  expect(copiesIn({ 'one.ts': [...six, 'x();', ...six].join('\n') })).toHaveLength(1);
});

it('finds nothing in five lines, nor in imports', () => {
  const five = six.slice(1).join('\n');
  expect(copiesIn({ 'one.ts': `1;\n${five}`, 'two.ts': `2;\n${five}` })).toEqual([]);
  const imports = [
    'import {',
    ...'abcdefg'.split('').map((name) => `  ${name},`),
    "} from './x.ts';",
    'left();',
  ];
  expect(linesOf(imports.join('\n'))).toEqual([{ number: 10, words: 'left();' }]);
});

it('finds no copy in the code', () => {
  const all = sources();
  expect(Object.keys(all).length).toBeGreaterThan(300);
  expect(copiesIn(all)).toEqual([]);
});
