import { expect, test } from 'vitest';
import { checkKnownNames } from '../../src/text/known-names.ts';
import { nearest } from '../../src/text/nearest.ts';

test('a misspelled word finds the nearest name, in any case; an unrelated one finds none', () => {
  expect(nearest('docter', ['doctor', 'demo'])).toBe('doctor');
  expect(nearest('DEMO', ['doctor', 'demo'])).toBe('demo');
  expect(nearest('zzzz', ['doctor', 'demo'])).toBeUndefined();
});

test('an unknown name is rejected with its place, a suggestion and the valid names', () => {
  expect(() => checkKnownNames('retry', { attempts: 1, mindelay: 5 }, ['attempts', 'minDelay'])).toThrow(
    new TypeError(
      'option retry.mindelay: there is no such option; did you mean minDelay? known are attempts, minDelay',
    ),
  );
  expect(() => checkKnownNames('options', { zzzz: 1 }, ['host'])).toThrow(
    new TypeError('option zzzz: there is no such option; known are host'),
  );
});

test('a name that would spoil a message is quoted and truncated', () => {
  const name = `a\u001b[2J${'b'.repeat(1_000)}`;
  expect(() => checkKnownNames('options', { [name]: 1 }, ['host'])).toThrow('option "a\\x1b[2Jb');
});
