import { expect, test } from 'vitest';
import { parseDestination } from '../../../src/cli/args/destination.ts';
import { duration, pair, portList } from '../../../src/cli/args/values.ts';

test.each([
  ['30', 30_000],
  ['30s', 30_000],
  ['1.5s', 1_500],
  ['500ms', 500],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['none', Number.POSITIVE_INFINITY],
])('%s is %d ms', (text, ms) => {
  expect(duration(text, '--x')).toBe(ms);
});

test.each(['', '-1', '1d', 'x', '1 2'])('%j is not a duration', (text) => {
  expect(() => duration(text, '--x')).toThrow(/^--x: '.*' given; a time like 30s.* would be right$/s);
});

test('ports may be single or ranges, without duplicates', () => {
  expect(portList('9001-9003,9002,9100', '--ports')).toEqual([9001, 9002, 9003, 9100]);
});

test('NAME=VALUE may contain further equal signs', () => {
  expect(pair('A=b=c', '--env')).toEqual(['A', 'b=c']);
  expect(() => pair('=x', '--env')).toThrow('NAME=VALUE');
});

test.each([
  ['host', { host: 'host' }],
  ['user@host', { user: 'user', host: 'host' }],
  ['user@host:2222', { user: 'user', host: 'host', port: 2222 }],
  ['user@domain@host', { user: 'user@domain', host: 'host' }],
  ['[::1]:22', { host: '::1', port: 22 }],
  ['ssh://u@h:1/', { user: 'u', host: 'h', port: 1 }],
  ['-oProxyCommand=x', undefined],
  ['a b', undefined],
  ['host:0', undefined],
  ['::1', undefined],
  ['', undefined],
  ['kim@corp.example@h:22', { user: 'kim@corp.example', host: 'h', port: 22 }],
  ['ssh://CORP\\kim@corp@[::1]:22', { user: 'CORP\\kim@corp', host: '::1', port: 22 }],
])('the destination %s', (text, expected) => {
  if (expected) expect(parseDestination(text)).toEqual(expected);
  else expect(() => parseDestination(text)).toThrow();
});

test.each(['u:hunter2@host', 'ssh://u:hunter2@host', 'u:hun@ter2@host', 'u@corp:hunter2@host'])(
  'a password in the destination is rejected and not shown',
  (text) => {
    expect(() => parseDestination(text)).toThrow(/does not belong in the destination/);
    expect(() => parseDestination(text)).not.toThrow(/hun/);
  },
);
