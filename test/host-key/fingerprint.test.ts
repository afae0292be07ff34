import { expect, test } from 'vitest';
import {
  decodeBase64,
  equalInConstantTime,
  fingerprintSha256,
  keyTypeOf,
  parsePublicKeyLine,
} from '../../src/host-key/keys/fingerprint.ts';
import { ed25519Blob, keyText, wire } from '../support/known-hosts-keys.ts';

/** GitHub's published host key and fingerprint (docs.github.com, "GitHub's SSH key fingerprints"). */
const GITHUB = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

test('a fingerprint has the format of ssh-keygen -l', () => {
  const { blob } = parsePublicKeyLine(GITHUB);
  expect(fingerprintSha256(blob)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
});

test('a line that was read lately is not read again; only the newest are remembered', () => {
  const line = (n: number) => `${GITHUB} ${n}`;
  const first = parsePublicKeyLine(line(0));
  expect(parsePublicKeyLine(line(0))).toBe(first);
  for (let n = 1; n <= 20; n++) parsePublicKeyLine(line(n));
  const again = parsePublicKeyLine(line(0));
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});

test('the type of a key is the name at its start', () => {
  expect(keyTypeOf(ed25519Blob())).toBe('ssh-ed25519');
  expect(keyTypeOf(new Uint8Array(wire('ssh-of-tomorrow', 'x')))).toBe('ssh-of-tomorrow');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a text', Buffer.from('ssh-ed25519 AAAA')],
  ['an empty name', wire('', 'x')],
  ['a name with a newline', wire('ssh-\ned25519', 'x')],
])('%s has no key type', (_, blob) => {
  expect(() => keyTypeOf(blob)).toThrow(TypeError);
});

test('a public key line is parsed', () => {
  const blob = ed25519Blob();
  const base64 = blob.toString('base64');
  expect(parsePublicKeyLine(`ssh-ed25519 ${base64}`)).toEqual({ type: 'ssh-ed25519', blob, comment: '' });
  expect(parsePublicKeyLine(`\t ssh-ed25519\t${base64}  PC of Ann (2)\r\n`)).toEqual({
    type: 'ssh-ed25519',
    blob,
    comment: 'PC of Ann (2)',
  });
});

const text = keyText(ed25519Blob());

test.each([
  ['nothing', ''],
  ['a type alone', 'ssh-ed25519'],
  ['base64 alone', text.split(' ')[1]!],
  ['another type than that of the key', text.replace('ssh-ed25519', 'ssh-rsa')],
  ['base64 cut short', text.slice(0, -4)],
  ['base64 with a foreign character', `${text.slice(0, -1)}*`],
  ['two lines', `${text}\n${text}`],
  ['a known_hosts line', `host ${text}`],
  ['an unknown type around another', `ssh-future ${text.split(' ')[1]}`],
])('%s is not a public key line', (_, line) => {
  expect(() => parsePublicKeyLine(line)).toThrow(TypeError);
});

test('a private key given by mistake is not shown', () => {
  const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0';
  const mistake = `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----`;
  expect(() => parsePublicKeyLine(mistake)).toThrow(/^(?!.*c2Vjc)/s);
});

test('a line with an unknown key type is accepted if the key contains that name', () => {
  const blob = wire('ssh-future', 'x');
  expect(parsePublicKeyLine(keyText(blob)).blob).toEqual(blob);
});

test.each([
  ['AAAA', 3],
  ['AAA=', 2],
  ['AA==', 1],
  ['AA\rAA\r', 3],
  ['', 0],
])('base64 %j is %i bytes', (encoded, length) => {
  expect(decodeBase64(encoded)?.length).toBe(length);
});

test.each([
  'A',
  'AA',
  'AAA',
  'AB==',
  'AAB=',
  'AA=A',
  'AAAA=',
  'AAAA==',
  '====',
  'AA-A',
  'AA_A',
  'AA A',
  'AA==AAAA',
])('base64 %j is rejected', (encoded) => {
  expect(decodeBase64(encoded)).toBeUndefined();
});

test('bytes are compared by content', () => {
  expect(equalInConstantTime(Buffer.from('abc'), new Uint8Array([97, 98, 99]))).toBe(true);
  expect(equalInConstantTime(Buffer.from('abc'), Buffer.from('abd'))).toBe(false);
  expect(equalInConstantTime(Buffer.from('abc'), Buffer.from('abcd'))).toBe(false);
  expect(equalInConstantTime(Buffer.alloc(0), Buffer.alloc(0))).toBe(true);
});
