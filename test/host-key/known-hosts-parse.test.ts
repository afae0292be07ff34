import { expect, test } from 'vitest';
import { knownHostsLines, parseHostKey, parseKnownHostsLine } from '../../src/host-key/known-hosts/parse.ts';
import { certificateBlob, ecdsaBlob, ed25519Blob, keyText, rsaBlob } from '../support/known-hosts-keys.ts';

const KEY = keyText(ed25519Blob());

test.each([
  ['a plain line', `host ${KEY}`, 'none', 'host'],
  ['blanks in front and between', ` \t host \t ${KEY}`, 'none', 'host'],
  ['tabs', `host\t${KEY}`, 'none', 'host'],
  ['a revoked key', `@revoked host ${KEY}`, 'revoked', 'host'],
  ['an authority', `@cert-authority *.example.com ${KEY}`, 'cert-authority', '*.example.com'],
  ['a marker behind blanks', `  @revoked \t host ${KEY}`, 'revoked', 'host'],
  ['a list of names', `a,b,!c ${KEY}`, 'none', 'a,b,!c'],
  ['a name that begins like a comment behind a marker', `@revoked #host ${KEY}`, 'revoked', '#host'],
])('reads %s', (_, line, marker, hosts) => {
  expect(parseKnownHostsLine(line, 7)).toEqual({ line: 7, marker, hosts, keyText: KEY });
});

test('a marker that ends at a tab is read only in a line without spaces, as in ssh', () => {
  const tabs = KEY.replace(' ', '\t');
  expect(parseKnownHostsLine(`@revoked\thost\t${tabs}`, 1)?.marker).toBe('revoked');
  expect(parseKnownHostsLine(`@revoked\thost ${KEY}`, 1)).toBeUndefined();
});

test.each([
  ['an empty line', ''],
  ['blanks', ' \t '],
  ['a comment', `# host ${KEY}`],
  ['a comment behind blanks', `  #host ${KEY}`],
  ['a name alone', 'host'],
  ['a name and a blank', 'host '],
  ['a comment for a key', `host # ${KEY}`],
  ['a carriage return', '\r'],
  ['an unknown marker', `@revoke host ${KEY}`],
  ['a marker in capitals', `@REVOKED host ${KEY}`],
  ['a marker of nothing', `@ host ${KEY}`],
  ['a marker alone', '@revoked'],
  ['a marker glued to the name', `@revoked,host ${KEY}`],
  ['two markers', `@revoked @cert-authority host ${KEY}`],
  ['the same marker twice', `@revoked @revoked host ${KEY}`],
  ['an overlong marker', `@${'x'.repeat(40)} host ${KEY}`],
  ['a NUL in the name', `ho\0st ${KEY}`],
  ['a NUL at the front', `\0host ${KEY}`],
])('%s contains no entry', (_, line) => {
  expect(parseKnownHostsLine(line, 1)).toBeUndefined();
});

test('lines are counted as in an editor, whatever their endings', () => {
  const text = `\n# one\r\na ${KEY}\r\n\r\nb ${KEY}\n\n\nc ${KEY}`;
  expect([...knownHostsLines(text)].map(({ line, hosts }) => `${line} ${hosts}`)).toEqual([
    '3 a',
    '5 b',
    '8 c',
  ]);
});

test('an empty file has no lines', () => {
  expect([...knownHostsLines('')]).toEqual([]);
  expect([...knownHostsLines('\n')]).toEqual([]);
});

const [type = '', base64 = ''] = KEY.split(' ');

test.each([
  ['a key', KEY],
  ['a comment', `${KEY} # me@there`],
  ['tabs', `${type}\t \t${base64}\tcomment`],
  ['a carriage return at the end', `${KEY}\r`],
  ['a carriage return inside', `${type} ${base64.slice(0, 9)}\r${base64.slice(9)}`],
])('reads the key of %s', (_, text) => {
  expect(parseHostKey(text)?.type).toBe(type);
});

test('an RSA key may be named by its signature algorithm', () => {
  expect(parseHostKey(keyText(rsaBlob()).replace('ssh-rsa', 'rsa-sha2-512'))?.type).toBe('ssh-rsa');
});

test.each([
  ['no key', type],
  ['another type', `ssh-rsa ${base64}`],
  ['the type of a certificate', `${type}-cert-v01@openssh.com ${base64}`],
  [
    'the plain type of a certificate',
    `${type} ${certificateBlob(ed25519Blob(), ed25519Blob()).toString('base64')}`,
  ],
  ['another curve', keyText(ecdsaBlob(256)).replace('nistp256', 'nistp384')],
  ['an unknown type', `ssh-future ${base64}`],
  ['the type in capitals', `${type.toUpperCase()} ${base64}`],
  ['an SSH 1 key', '1024 35 123456789012345678901234567890'],
  ['a key cut short', `${type} ${base64.slice(0, -4)}`],
  ['a key with text behind', `${type} ${base64}AAAA`],
  ['a key with too much padding', `${type} ${base64}==`],
  ['a carriage return behind the type', `${type}\r ${base64}`],
  ['a quoted key', `${type} "${base64}"`],
])('%s is not a key', (_, text) => {
  expect(parseHostKey(text)).toBeUndefined();
});
