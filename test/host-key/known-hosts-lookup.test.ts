import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprintSha256 } from '../../src/host-key/keys/fingerprint.ts';
import { judgeHostKey, lookupHostKey } from '../../src/host-key/known-hosts/lookup.ts';
import { hashHostName } from '../../src/host-key/known-hosts/match.ts';
import { lookupNames } from '../../src/host-key/known-hosts/name.ts';
import { certificateBlob, ecdsaBlob, ed25519Blob, keyText, rsaBlob } from '../support/known-hosts-keys.ts';

const blob = ed25519Blob();
const KEY = keyText(blob);
const OTHER = keyText(ed25519Blob());
const OTHER_TYPE = keyText(ecdsaBlob());
const SALT = Buffer.from('0123456789abcdefghij');
const CERTIFICATE = keyText(certificateBlob(blob, ed25519Blob()));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function verdictOf(text: string, where: { host?: string; port?: number; alias?: string } = {}): string {
  const names = lookupNames({ host: 'pc', port: 2222, ...where });
  const { verdict, line } = judgeHostKey([{ path: 'known_hosts', text }], names, blob);
  return line === undefined ? verdict : `${verdict} ${line}`;
}

test.each([
  ['nothing', '', 'unknown'],
  ['the key', `[pc]:2222 ${KEY}`, 'match 1'],
  ['the key among others', `[pc]:2222 ${OTHER}\n[pc]:2222 ${KEY}\n[pc]:2222 ${OTHER_TYPE}`, 'match 2'],
  ['the key twice', `[pc]:2222 ${KEY}\n[pc]:2222 ${KEY}`, 'match 1'],
  ['another key', `[pc]:2222 ${OTHER}`, 'mismatch 1'],
  ['other keys: ssh names the last', `[pc]:2222 ${OTHER}\n\n[pc]:2222 ${OTHER_TYPE}\n`, 'mismatch 3'],
  ['a key of another type only', `[pc]:2222 ${OTHER_TYPE}`, 'mismatch 1'],
  ['the key in a certificate only', `[pc]:2222 ${CERTIFICATE}`, 'mismatch 1'],
  ['the key as an authority', `@cert-authority [pc]:2222 ${KEY}`, 'unknown'],
  ['the key as an authority, and another key', `@cert-authority * ${KEY}\n[pc]:2222 ${OTHER}`, 'mismatch 2'],
  ['the key revoked', `@revoked [pc]:2222 ${KEY}`, 'revoked 1'],
  ['the key revoked everywhere', `@revoked * ${KEY}`, 'revoked 1'],
  ['the key, then revoked', `[pc]:2222 ${KEY}\n@revoked * ${KEY}`, 'revoked 2'],
  ['the key revoked, then again in use', `@revoked * ${KEY}\n[pc]:2222 ${KEY}`, 'revoked 1'],
  ['the key revoked by a certificate of it', `@revoked * ${CERTIFICATE}\n[pc]:2222 ${KEY}`, 'revoked 1'],
  ['another key revoked', `@revoked * ${OTHER}`, 'unknown'],
  ['another key revoked, and the key', `@revoked * ${OTHER}\n[pc]:2222 ${KEY}`, 'match 2'],
  ['the key revoked for another host', `@revoked other ${KEY}\n[pc]:2222 ${KEY}`, 'match 2'],
  ['the key, hashed', `${hashHostName('[pc]:2222', SALT)} ${KEY}`, 'match 1'],
  ['another key, hashed', `${hashHostName('[pc]:2222', SALT)} ${OTHER}`, 'mismatch 1'],
  ['a damaged line', `[pc]:2222 ${OTHER.slice(0, -4)}`, 'unknown'],
  ['a damaged line and the key', `[pc]:2222 ${OTHER.slice(0, -4)}\n[pc]:2222 ${KEY}`, 'match 2'],
  ['a damaged revocation', `@revoked [pc]:2222 ${KEY.slice(0, -4)}\n[pc]:2222 ${KEY}`, 'match 2'],
  ['a negated name', `!*pc*,* ${KEY}`, 'unknown'],
  // negating the name with its port leaves the name without it, as in ssh
  ['a name negated with its port only', `![pc]:2222,* ${KEY}`, 'match 1'],
  // the name without its port counts only when the name with its port is not known at all
  ['the key without the port', `pc ${KEY}`, 'match 1'],
  ['the key without the port, hashed', `${hashHostName('pc', SALT)} ${KEY}`, 'match 1'],
  ['another key without the port', `pc ${OTHER}`, 'unknown'],
  ['the key without the port, another with it', `pc ${KEY}\n[pc]:2222 ${OTHER}`, 'mismatch 2'],
  ['an authority with the port, the key without', `@cert-authority [pc]:2222 ${OTHER}\npc ${KEY}`, 'match 2'],
  ['the key revoked without the port', `@revoked pc ${KEY}`, 'revoked 1'],
  ['the key, and revoked without the port', `@revoked pc ${KEY}\n[pc]:2222 ${KEY}`, 'match 2'],
  ['the key with port 22', `[pc]:22 ${KEY}`, 'unknown'],
  ['carriage returns', `[pc]:2222 ${OTHER}\r\n[pc]:2222 ${KEY}\r\n`, 'match 2'],
  ['no newline at the end', `[pc]:2222 ${KEY}`, 'match 1'],
  ['a byte order mark', `\xef\xbb\xbf[pc]:2222 ${KEY}`, 'unknown'],
])('%s', (_, text, expected) => {
  expect(verdictOf(text)).toBe(expected);
});

test('port 22 is looked up by name only', () => {
  expect(verdictOf(`pc ${KEY}`, { port: 22 })).toBe('match 1');
  expect(verdictOf(`[pc]:22 ${KEY}`, { port: 22 })).toBe('unknown');
});

test('an alias is looked up without port, and nothing else is', () => {
  const where = { host: 'gateway', port: 20_022, alias: 'Customer-A' };
  expect(verdictOf(`customer-a ${KEY}`, where)).toBe('match 1');
  expect(verdictOf(`[customer-a]:20022,gateway,[gateway]:20022 ${KEY}`, where)).toBe('unknown');
});

test('the result says what was looked up and which line decided', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  await writeFile(first, '# nothing here\n');
  await writeFile(second, `\n[pc]:2222 ${OTHER_TYPE}\n`);
  const query = { knownHosts: [first, second], host: 'PC', port: 2222 };
  expect(await lookupHostKey({ ...query, key: KEY })).toEqual({
    verdict: 'mismatch',
    name: '[pc]:2222',
    keyType: 'ssh-ed25519',
    fingerprint: fingerprintSha256(blob),
    file: second,
    line: 2,
    recordedType: 'ecdsa-sha2-nistp256',
  });
});

test('a revocation in a later file applies to all', async () => {
  const [first, second] = [join(folder, 'trusting'), join(folder, 'revoking')];
  await writeFile(first, `pc ${KEY}\n`);
  await writeFile(second, `@revoked * ${KEY}\n`);
  const query = { knownHosts: [first, join(folder, 'missing'), second], host: 'pc' };
  expect(await lookupHostKey({ ...query, key: blob })).toMatchObject({
    verdict: 'revoked',
    file: second,
    line: 1,
  });
});

test('a key may be given as bytes or as text', async () => {
  const file = join(folder, 'forms');
  await writeFile(file, `pc ${KEY}\n`);
  const keys = [blob, new Uint8Array(blob), KEY, `${KEY} comment\n`];
  for (const key of keys)
    expect(await lookupHostKey({ knownHosts: file, host: 'pc', key })).toMatchObject({ line: 1 });
});

test.each([
  ['no options', undefined, TypeError, /options/],
  ['no host', { host: undefined }, TypeError, /^option host: /],
  ['a port of text', { port: '22' }, TypeError, /^option port: /],
  ['no key', { key: undefined }, TypeError, /^option key: /],
  ['an empty key', { key: Buffer.alloc(0) }, TypeError, /key/],
  [
    'a key that is a fingerprint',
    { key: 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU' },
    TypeError,
    /key/,
  ],
  ['a damaged key', { key: blob.subarray(0, -1) }, TypeError, /^option key: .*ssh-ed25519/],
  ['a short RSA key', { key: rsaBlob(512) }, TypeError, /^option key: .*ssh-rsa/],
  ['a certificate', { key: CERTIFICATE }, TypeError, /^option key: .*certificate/],
  [
    'a private key',
    { key: '-----BEGIN OPENSSH PRIVATE KEY-----' },
    TypeError,
    /^option key: text that is not a public key given/,
  ],
  ['a misspelt option', { knownHost: 'x' }, TypeError, /^option knownHost: .*did you mean knownHosts/],
  ['files of the wrong type', { knownHosts: 7 }, TypeError, /^option knownHosts: /],
  ['a list with a wrong path', { knownHosts: ['a', undefined] }, TypeError, /^option knownHosts\[1\]: /],
  ['an empty path', { knownHosts: '' }, RangeError, /^option knownHosts: /],
  ['a path with a NUL', { knownHosts: 'a\0b' }, RangeError, /^option knownHosts: /],
  ["another user's home", { knownHosts: '~root/.ssh/known_hosts' }, RangeError, /^option knownHosts: /],
])('%s is rejected with an error that names the option', async (_, wrong, kind, message) => {
  const right = { knownHosts: [], host: 'pc', port: 22, key: KEY };
  const options = wrong === undefined ? undefined : { ...right, ...wrong };
  const answer = lookupHostKey(options as Parameters<typeof lookupHostKey>[0]);
  await expect(answer).rejects.toThrow(kind);
  await expect(answer).rejects.toThrow(message);
});

test.each([
  ['100,000 other hosts', Array.from({ length: 1e5 }, (_, i) => `pc-${i} ${OTHER}\n`).join('')],
  ['50,000 hashed hosts', `${hashHostName('other', SALT)} ${OTHER}\n`.repeat(5e4)],
  ['a name list of 10 MB', `${'a,'.repeat(5e6)} ${OTHER}\n`],
  ['a line of 10 MB without a blank', `${'x'.repeat(1e7)}\n`],
  ['a line of 10 MB of blanks', `${' '.repeat(1e7)}\n`],
  ['a comment of 10 MB', `# ${'x'.repeat(1e7)}\n`],
  ['a key of 10 MB', `* ssh-ed25519 ${'A'.repeat(1e7)}\n`],
  ['a pattern of 10 MB of stars', `${'*'.repeat(1e7)} ${OTHER}\n`],
  ['10 MB of pattern bombs', `${`${'*a*?'.repeat(50)}b,`.repeat(5e4)} ${OTHER}\n`],
  ['a million empty lines', '\n'.repeat(1e6)],
])('%s: a line after it is found within seconds', (_, text) => {
  const lines = text.split('\n').length;
  const started = performance.now();
  expect(verdictOf(`${text}pc ${KEY}\n`, { host: 'pc', port: 2222 })).toBe(`match ${lines}`);
  expect(performance.now() - started).toBeLessThan(15_000);
});
