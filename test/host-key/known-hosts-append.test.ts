import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { appendKnownHost } from '../../src/host-key/known-hosts/append.ts';
import { lookupHostKey } from '../../src/host-key/known-hosts/lookup.ts';
import { ecdsaBlob, ed25519Blob, keyText } from '../support/known-hosts-keys.ts';

const folders: string[] = [];
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
  folders.push(folder);
  file = join(folder, 'known_hosts');
});
afterAll(() => Promise.all(folders.map((made) => rm(made, { recursive: true, force: true }))));

const blob = ed25519Blob();
const KEY = keyText(blob);
const OTHER = keyText(ecdsaBlob());

function content(): Promise<string> {
  return readFile(file, 'utf8');
}

test('creates the directory and the file for the user only', async () => {
  file = join(folder, '.ssh', 'known_hosts');
  expect(await appendKnownHost({ file, host: 'PC', port: 22, key: blob })).toBe(true);
  expect(await content()).toBe(`pc ${KEY}\n`);
  expect((await stat(join(folder, '.ssh'))).mode & 0o777).toBe(0o700);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('keeps the mode of an existing file, and follows a symlink to it', async () => {
  const real = join(folder, 'dotfiles');
  await writeFile(real, '', { mode: 0o644 });
  await symlink(real, file);
  await appendKnownHost({ file, host: 'pc', key: blob });
  expect(await readFile(real, 'utf8')).toBe(`pc ${KEY}\n`);
  expect((await stat(real)).mode & 0o777).toBe(0o644);
});

test.each([
  [{ host: 'Pc', port: 2222 }, '[pc]:2222'],
  [{ host: '::1', port: 2222 }, '[::1]:2222'],
  [{ host: '2001:DB8::0:1' }, '2001:db8::1'],
  [{ host: 'gateway', port: 20_022, alias: 'Customer-A' }, 'customer-a'],
  [{ host: 'küche' }, 'küche'],
])('%j is recorded as %s', async (where, name) => {
  await appendKnownHost({ file, ...where, key: KEY });
  expect(await content()).toBe(`${name} ${KEY}\n`);
  expect(await lookupHostKey({ knownHosts: file, ...where, key: blob })).toMatchObject({
    verdict: 'match',
    line: 1,
  });
});

test('a hashed name hides the host, with a new salt each time', async () => {
  await appendKnownHost({ file, host: 'pc', port: 2222, key: blob, hash: true });
  await appendKnownHost({ file, host: 'pc', port: 2223, key: blob, hash: true });
  const lines = (await content()).split('\n');
  expect(lines[0]).toMatch(/^\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}= ssh-ed25519 /);
  expect(lines[0]!.slice(0, 31)).not.toBe(lines[1]!.slice(0, 31));
  const found = await lookupHostKey({ knownHosts: file, host: 'pc', port: 2223, key: blob });
  expect(found).toMatchObject({ verdict: 'match', line: 2 });
});

test('a last line without a newline gets one first', async () => {
  await writeFile(file, `other ${KEY}`);
  await appendKnownHost({ file, host: 'pc', key: blob });
  expect(await content()).toBe(`other ${KEY}\npc ${KEY}\n`);
});

test('nothing is written for a recorded key', async () => {
  await writeFile(file, `p? ${KEY}\n`);
  expect(await appendKnownHost({ file, host: 'pc', key: blob })).toBe(false);
  expect(await content()).toBe(`p? ${KEY}\n`);
});

test.each([
  ['another key', `pc ${OTHER}\n`, /another key/],
  ['a revocation', `@revoked * ${KEY}\n`, /revocation/],
])('%s recorded meanwhile is an error, and the file stays unchanged', async (_, before, message) => {
  await writeFile(file, before);
  await expect(appendKnownHost({ file, host: 'pc', key: blob })).rejects.toThrow(message);
  expect(await content()).toBe(before);
});

test('a hundred simultaneous appends write a hundred complete lines', async () => {
  const hosts = Array.from({ length: 100 }, (_, i) => `pc-${i}`);
  await Promise.all(hosts.map((host) => appendKnownHost({ file, host, key: blob })));
  const lines = (await content()).trimEnd().split('\n');
  expect(lines.sort()).toEqual(hosts.map((host) => `${host} ${KEY}`).sort());
});

test('simultaneous connections to an unknown host record it once', async () => {
  const written = await Promise.all(
    Array.from({ length: 20 }, () => appendKnownHost({ file, host: 'pc', key: blob })),
  );
  expect(written.filter(Boolean)).toHaveLength(1);
  expect(await content()).toBe(`pc ${KEY}\n`);
});

test('of two simultaneous servers with different keys, one is recorded', async () => {
  const both = [KEY, OTHER].map((key) => appendKnownHost({ file, host: 'pc', key }));
  const results = await Promise.allSettled(both);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(await content()).toBe(`pc ${KEY}\n`);
});

test('a failed append does not block the next', async () => {
  await mkdir(file);
  await expect(appendKnownHost({ file, host: 'pc', key: blob })).rejects.toMatchObject({
    code: 'EISDIR',
    path: file,
  });
  await rm(file, { recursive: true });
  expect(await appendKnownHost({ file, host: 'pc', key: blob })).toBe(true);
});

test('/dev/null swallows a record', async () => {
  expect(await appendKnownHost({ file: '/dev/null', host: 'pc', key: blob })).toBe(true);
});

test.each([
  [{ host: 'a\nb' }, RangeError],
  [{ host: 'a\rb' }, RangeError],
  [{ host: 'a b' }, RangeError],
  [{ host: 'a\u009bb' }, RangeError],
  [{ host: 'a\u202eb' }, RangeError],
  [{ host: '*' }, RangeError],
  [{ host: 'p?' }, RangeError],
  [{ host: 'a,b' }, RangeError],
  [{ host: '!a' }, RangeError],
  [{ host: '@revoked' }, RangeError],
  [{ host: '#a' }, RangeError],
  [{ host: '|1|a|b' }, RangeError],
  [{ host: '[a]:22' }, RangeError],
  [{ host: 'a', alias: 'b,c' }, RangeError],
  [{ host: 'a', alias: '*' }, RangeError],
  [{ host: 'a', port: 0 }, RangeError],
  [{ host: 'a', file: '' }, RangeError],
  [{ host: 'a', file: 7 as unknown as string }, TypeError],
  [{ host: 'a', key: 'x' }, TypeError],
  [{ host: 'a', key: Buffer.from('x') }, TypeError],
])('%j is rejected with a %o, and nothing is written', async (wrong, kind) => {
  await expect(appendKnownHost({ file, key: blob, ...wrong })).rejects.toThrow(kind);
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
