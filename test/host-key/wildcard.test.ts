import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WildcardMatcher } from '../../src/host-key/wildcard.ts';

test.each([
  ['', '', true],
  ['a', '', false],
  ['', 'a', false],
  ['abc', 'abc', true],
  ['abc', 'ab', false],
  ['ab', 'abc', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['**', '', true],
  ['?', '', false],
  ['?', 'a', true],
  ['??', 'a', false],
  ['a*', 'a', true],
  ['*a', 'ba', true],
  ['*a', 'ab', false],
  ['a*c', 'abbbc', true],
  ['a*b*c', 'acb', false],
  ['*ab', 'aab', true],
  ['*?b', 'ab', true],
  ['*?b', 'b', false],
  ['[*]:*', '[host]:22', true],
  ['[h-z]', 'i', false],
  ['a.c', 'abc', false],
  [`${'?'.repeat(64)}`, 'x'.repeat(64), true],
  [`${'?'.repeat(65)}`, 'x'.repeat(64), false],
  [`${'?'.repeat(63)}*`, 'x'.repeat(64), true],
])('pattern %j against %j: %s', (pattern, text, expected) => {
  expect(new WildcardMatcher(text).matches(pattern)).toBe(expected);
});

test('agrees with a regular expression for random patterns and texts of any length', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', '\xff'), maxLength: 100 });
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '[', '\xff', '?', '*'), maxLength: 24 });
  fc.assert(
    fc.property(texts, patterns, (text, pattern) => {
      const source = pattern.replace(/[.[]/g, '\\$&').replace(/\?/g, '[^]').replace(/\*+/g, '[^]*');
      expect(new WildcardMatcher(text).matches(pattern)).toBe(new RegExp(`^${source}$`).test(text));
    }),
    { numRuns: 3000 },
  );
});

test('a matcher can be reused and keeps no state', () => {
  const matcher = new WildcardMatcher('pc-7.example.com');
  expect(['pc*', 'x*', '*com', '*', 'pc?', 'pc*7*com'].map((pattern) => matcher.matches(pattern))).toEqual([
    true,
    false,
    true,
    true,
    false,
    true,
  ]);
});

test('patterns that make a backtracking matcher explode take no time', () => {
  const matcher = new WildcardMatcher('a'.repeat(1000));
  const bomb = `${'*a'.repeat(500)}b`;
  const started = performance.now();
  for (let i = 0; i < 200; i += 1) expect(matcher.matches(bomb)).toBe(false);
  expect(performance.now() - started).toBeLessThan(2000);
});
