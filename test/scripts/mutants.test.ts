import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { equivalents, isSame } from '../../scripts/equivalent-mutants.mjs';
import { isReadable, lineOf, mutantsOf, mutated, probed, sample } from '../../scripts/mutants.mjs';

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
    ['await end(a);', ';', '(end(a));'],
    ['void this.a?.end();', ';'],
    ['this.#tell();', ';'],
    ['this.#timer.close();', ';'],
    ['log(record);', ';'],
    ['delete a[b];', ';'],
    ['on(b, () => this.#end());', ';', 'on(b, () => undefined);'],
    ['c = (a) => end(a);', 'c = (a) => undefined;'],
    ['function f() { a = b; c = d; }', 'function f() { return; a = b; c = d; }'],
  ])('%s becomes %s', (source, ...changed) => {
    expect(all(source)).toEqual(changed);
  });

  it('are made one at a time, each where it says', () => {
    const source = 'a = b;\nawait close(a || b);\n';
    expect(all(source)).toEqual([
      'a = b;\n;\n',
      'a = b;\n(close(a || b));\n',
      'a = b;\nawait close(a && b);\n',
    ]);
    expect(mutantsOf(source).map(({ line }) => line)).toEqual([2, 2, 2]);
  });

  it('do not change what only people or the compiler read', () => {
    expect(all("debug('%s', a ? 1 : 2);")).toEqual([]);
    expect(all('interface A { a: true }\ntype B = 1 | 2;\nlet c: false;')).toEqual([]);
    expect(all("c = 'a' + b; d = 30_000;")).toEqual([]);
    expect(all('c = 64 << 10; d = 4 * 1024; e = 2 << 2 << 10;')).toEqual([]);
    expect(all('c = 2 * a; d = 1 << 3;')).toHaveLength(3);
    expect(all("c = () => debug('%s', a());")).toEqual([]);
    const returns = 'return a ? await b : c;';
    const wait = (source: string) => all(source).filter((changed) => !changed.includes('await'));
    expect(wait(`async function f() { ${returns} }`)).toEqual([]);
    expect(wait(`async function f() { try { d; } catch { ${returns} } }`)).toEqual([]);
    expect(wait(`async function f() { try { ${returns} } catch { d; } }`)).toHaveLength(1);
    expect(wait(`async function f() { try { d; } catch { ${returns} } finally { e; } }`)).toHaveLength(1);
  });

  it('are still TypeScript', () => {
    const source = 'const c = { 1: a }; for (const [b] of c) if (b) end(() => void d());';
    expect(all(source)).toHaveLength(3);
    expect(all(source).filter(isReadable)).toHaveLength(3);
    expect(isReadable('c = ;')).toBe(false);
  });

  it('record which of them a test reaches, without other changes', () => {
    const source = `
      function f(a, b) {
        if (a && b > 1) end(a);
        else for (const x of b) x();
        return () => told.push(-1);
      }
      const a = f(0, []);`;
    const mutants = mutantsOf(source);
    const code = probed(
      source,
      mutants.map((mutant, number) => ({ mutant, number })),
    );
    const reached = new Set<number>();
    const told: number[] = [];
    const run = new Function('globalThis', 'told', 'end', code);
    run({ reached: (number: number) => reached.add(number) }, told, () => told.push(1));
    const what = mutants.filter((_, number) => reached.has(number)).map((mutant) => mutant.what);
    expect(what.toSorted()).toEqual(['&& to ||', '0 and one', 'negates', 'returns early']);
    expect(told).toEqual([]);
  });
});

describe('a change that makes no difference', () => {
  it.each(equivalents)('is one of $file: $line, $what', (equivalent) => {
    const source = readFileSync(new URL(`../../src/${equivalent.file}`, import.meta.url), 'utf8');
    const fitting = mutantsOf(source).filter((mutant) =>
      isSame(equivalent, { path: equivalent.file, code: lineOf(source, mutant), mutant }),
    );
    expect(fitting).not.toEqual([]);
    expect(equivalent.why.split(' ').length).toBeGreaterThan(5);
  });

  it('is known by its file, its line and what is changed', () => {
    const source = 'a();\nb = 1;\n';
    const known = { file: 'x.ts', line: 'b = 1;', what: '1 and one', why: 'one and two are the same here' };
    const same = mutantsOf(source).map((mutant) =>
      isSame(known, { path: 'x.ts', code: lineOf(source, mutant), mutant }),
    );
    expect(same).toEqual([false, true]);
  });
});

describe('a sample', () => {
  const items = Array.from({ length: 1_000 }, (_, at) => at);

  it('is the same for the same seed, and another for another', () => {
    expect(sample(items, 20, 1)).toEqual(sample(items, 20, 1));
    expect(sample(items, 20, 1)).not.toEqual(sample(items, 20, 2));
  });

  it('has each item once, and all of them if there are not enough', () => {
    expect(new Set(sample(items, 500, 7)).size).toBe(500);
    expect([...sample(items.slice(0, 5), 20, 3)].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
