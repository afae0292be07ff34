import { describe, expect, it } from 'vitest';
import { mutantsOf, mutated, sample } from '../../scripts/mutants.mjs';

const all = (source: string) => mutantsOf(source).map((mutant) => mutated(source, mutant));

describe('the small changes to the code', () => {
  it.each([
    ['if (a) b;', 'if (!(a)) b;'],
    ['c = a ? 1000 : b;', 'c = !(a) ? 1000 : b;'],
    ['c = a && b;', 'c = a || b;'],
    ['c = a <= b;', 'c = a < b;'],
    ['c = a === b;', 'c = a !== b;'],
    ['c = true;', 'c = false;'],
    ['c = 3;', 'c = (3 + 1);'],
    ['end(a);', ';'],
    ['function f() { a = b; c = d; }', 'function f() { return; a = b; c = d; }'],
  ])('%s becomes %s', (source, changed) => {
    expect(all(source)).toEqual([changed]);
  });

  it('are one at a time, each where it says', () => {
    const source = 'a = b;\nawait close(a || b);\n';
    expect(all(source)).toEqual([
      'a = b;\n;\n',
      'a = b;\n(close(a || b));\n',
      'a = b;\nawait close(a && b);\n',
    ]);
    expect(mutantsOf(source).map(({ line }) => line)).toEqual([2, 2, 2]);
  });

  it('leave alone what only people or the compiler read', () => {
    expect(all("debug('%s', a ? 1 : 2);")).toEqual([]);
    expect(all('interface A { a: true }\ntype B = 1 | 2;\nlet c: false;')).toEqual([]);
    expect(all("c = 'a' + b; d = 30_000;")).toEqual([]);
  });
});

describe('a sample', () => {
  const items = Array.from({ length: 1_000 }, (_, at) => at);

  it('is the same for the same seed, and another for another', () => {
    expect(sample(items, 20, 1)).toEqual(sample(items, 20, 1));
    expect(sample(items, 20, 1)).not.toEqual(sample(items, 20, 2));
  });

  it('has each item once, and all of them when there are not enough', () => {
    expect(new Set(sample(items, 500, 7)).size).toBe(500);
    expect([...sample(items.slice(0, 5), 20, 3)].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
