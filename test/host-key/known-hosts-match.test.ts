import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { HostMatcher, hashHostName } from '../../src/host-key/known-hosts/match.ts';

const HOST = 'pc-7.example.com';
const HOST_WITH_PORT = `[${HOST}]:2222`;

test.each([
  // the name itself
  ['pc-7.example.com', HOST, true],
  ['PC-7.Example.COM', HOST, true],
  ['pc-7.example.com.', HOST, false],
  ['pc-7', HOST, false],
  // lists
  ['other,pc-7.example.com', HOST, true],
  ['other,pc-7.example.com,10.0.0.1', HOST, true],
  [',pc-7.example.com,', HOST, true],
  [',,', HOST, false],
  // wildcards
  ['*.example.com', HOST, true],
  ['pc-?.example.com', HOST, true],
  ['*', HOST, true],
  ['PC-*', HOST, true],
  ['*.example.com', 'example.com', false],
  // negation wins, wherever it stands
  ['!pc-7.example.com,*', HOST, false],
  ['*,!pc-7.example.com', HOST, false],
  ['*,!pc-8.example.com', HOST, true],
  ['!pc-8.example.com', HOST, false],
  ['!!pc-7.example.com,*', HOST, true],
  ['!', HOST, false],
  // ports: a pattern is compared with the whole text
  ['[pc-7.example.com]:2222', HOST_WITH_PORT, true],
  ['[pc-7.example.com]:22', HOST_WITH_PORT, false],
  ['pc-7.example.com', HOST_WITH_PORT, false],
  ['*.example.com', HOST_WITH_PORT, false],
  ['[*.example.com]:2222', HOST_WITH_PORT, true],
  ['[*]:*', HOST_WITH_PORT, true],
  ['*', HOST_WITH_PORT, true],
  ['[pc-7.example.com]:22', HOST, false],
  // letters beyond ASCII are bytes
  ['k\xc3\xbcche', 'k\xc3\xbcche', true],
  ['k??che', 'k\xc3\xbcche', true],
  ['k?che', 'k\xc3\xbcche', false],
  ['K\xc3\x9cCHE', 'k\xc3\xbcche', false],
])('hosts %j against %j: %s', (hosts, name, expected) => {
  expect(new HostMatcher(name).matches(hosts)).toBe(expected);
});

test('a pattern of 1023 bytes or more ends the line without a match, even behind the right name', () => {
  const matcher = new HostMatcher(HOST);
  expect(matcher.matches(`${HOST},${'x'.repeat(1022)}`)).toBe(true);
  expect(matcher.matches(`${HOST},${'x'.repeat(1023)}`)).toBe(false);
  expect(matcher.matches('*'.repeat(1022))).toBe(true);
  expect(matcher.matches('*'.repeat(1023))).toBe(false);
  expect(matcher.matches(`!${'*'.repeat(1022)},${HOST}`)).toBe(false);
});

const SALT = Buffer.from('0123456789abcdefghij');
const HASHED = `|1|${SALT.toString('base64')}|${createHmac('sha1', SALT).update(HOST_WITH_PORT).digest('base64')}`;

test('a hashed name is the HMAC-SHA1 of the name with its port', () => {
  expect(hashHostName(HOST_WITH_PORT, SALT)).toBe(HASHED);
  expect(new HostMatcher(HOST_WITH_PORT).matches(HASHED)).toBe(true);
  expect(new HostMatcher(HOST).matches(HASHED)).toBe(false);
});

test.each([
  ['another scheme', HASHED.replace('|1|', '|2|')],
  ['no scheme', HASHED.slice(2)],
  ['a list', `${HASHED},other`],
  ['a negation', `!${HASHED}`],
  ['no hash', `|1|${SALT.toString('base64')}|`],
  ['no salt', '|1||x'],
  ['nothing else', '|1|'],
  ['a bar alone', '|'],
  ['a hash cut short', HASHED.slice(0, -2)],
  ['a hash without padding', HASHED.replace(/=$/, '')],
  ['a salt of 19 bytes', hashHostName(HOST_WITH_PORT, SALT.subarray(1))],
  ['a salt of 21 bytes', hashHostName(HOST_WITH_PORT, Buffer.concat([SALT, SALT.subarray(0, 1)]))],
  ['megabytes of salt', `|1|${'A'.repeat(5_000_000)}|x`],
])('a hashed name with %s matches nothing', (_, hosts) => {
  expect(new HostMatcher(HOST_WITH_PORT).matches(hosts)).toBe(false);
});
