import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownHostKeyTypes, orderHostKeyAlgorithms } from '../../src/host-key/known-hosts/order.ts';
import { certificateBlob, ecdsaBlob, ed25519Blob, keyText, rsaBlob } from '../support/known-hosts-keys.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ED25519 = keyText(ed25519Blob());
const ECDSA = keyText(ecdsaBlob());
const RSA = keyText(rsaBlob());
const CERTIFICATE = keyText(certificateBlob(ed25519Blob(), ed25519Blob()));

test.each([
  ['nothing', '', []],
  [
    'each type once, in the order of the lines',
    `pc ${RSA}\npc ${ECDSA}\n* ${RSA}\n`,
    ['ssh-rsa', 'ecdsa-sha2-nistp256'],
  ],
  ['no key of another host', `other ${ED25519}\npc ${RSA}`, ['ssh-rsa']],
  ['no authority', `@cert-authority * ${ED25519}`, []],
  ['no certificate', `pc ${CERTIFICATE}`, []],
  ['no revoked key', `pc ${RSA}\npc ${ED25519}\n@revoked * ${RSA}`, ['ssh-ed25519']],
])('types on record: %s', async (_, text, expected) => {
  const file = join(folder, 'known_hosts');
  await writeFile(file, text);
  expect(await knownHostKeyTypes({ knownHosts: file, host: 'pc', port: 22 })).toEqual(expected);
});

test('types are looked up with the port, or by the alias', async () => {
  const file = join(folder, 'ports');
  await writeFile(file, `pc ${RSA}\n[pc]:2222 ${ED25519}\ncustomer ${ECDSA}\n`);
  expect(await knownHostKeyTypes({ knownHosts: file, host: 'pc', port: 2222 })).toEqual(['ssh-ed25519']);
  expect(await knownHostKeyTypes({ knownHosts: file, host: 'pc', port: 23 })).toEqual([]);
  expect(await knownHostKeyTypes({ knownHosts: file, host: 'pc', alias: 'customer' })).toEqual([
    'ecdsa-sha2-nistp256',
  ]);
});

const WANTED = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'];

test.each([
  [[], WANTED],
  [['ssh-rsa'], ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519', 'ecdsa-sha2-nistp256']],
  [
    ['ssh-rsa', 'ecdsa-sha2-nistp256'],
    ['ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'],
  ],
  [['ssh-rsa', 'ssh-ed25519'], WANTED],
  [['ssh-dss'], WANTED],
])('with %j recorded the algorithms are requested in the order %j', (known, expected) => {
  expect(orderHostKeyAlgorithms(WANTED, known)).toEqual(expected);
});

test('an empty list stays empty', () => {
  expect(orderHostKeyAlgorithms([], ['ssh-rsa'])).toEqual([]);
});
