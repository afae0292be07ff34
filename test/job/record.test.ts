import { expect, it } from 'vitest';
import { findFields, parseFields, Unreadable } from '../../src/job/host/record.ts';

it('takes a field apart at its first sign of equality', () => {
  expect([...parseFields(' a=1  b=2=3 c= d =e ')]).toEqual([
    ['a', '1'],
    ['b', '2=3'],
    ['c', ''],
    ['d', ''],
    ['', 'e'],
  ]);
});

it('finds the line of the answer behind what a login script has printed, and what follows it', () => {
  const { fields, rest } = findFields(Buffer.from('Welcome!\nMARK a=1\nthe rest\n'), 'MARK');
  expect([...fields]).toEqual([['a', '1']]);
  expect(rest.toString()).toBe('the rest\n');
  expect(findFields(Buffer.from('MARK\n'), 'MARK').rest).toHaveLength(0);
});

it.each(['', 'Welcome!\n', 'MARK a=1', 'no\nMARK a=1'])('takes %j for no answer', (output) => {
  expect(() => findFields(Buffer.from(output), 'MARK')).toThrow(Unreadable);
});
