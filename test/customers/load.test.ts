import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { changeCustomer } from '../../src/customers/entries.ts';
import { CustomersFileError, isSshError, loadCustomers } from '../../src/index.ts';
import { customersFile } from './world.ts';

const gateway = { host: 'gateway.example.com' };
const acme = { account: 'tunnel-acme', port: 9012 };

test('applies defaults for what the file omits', async () => {
  await using world = await customersFile({ gateway, customers: { acme } });
  const { file, gateway: found, customers } = await loadCustomers(world.file);
  expect(file).toBe(world.file);
  expect(found).toEqual({ ...gateway, port: 22, hostKey: [], layout: 'published', operator: 'root' });
  expect(customers.get('acme')).toEqual({
    ...{ code: 'acme', account: 'tunnel-acme', port: 9012, username: 'rpa', hostKeyAlias: 'acme' },
    ...{ route: 'published', labels: {}, state: 'active' },
  });
});

test('finds keys relative to the home directory and to the file', async () => {
  const customers = {
    a: { ...acme, privateKeyPath: '~/.ssh/rpa' },
    b: { ...acme, port: 9013, privateKeyPath: 'keys/b' },
  };
  await using world = await customersFile({ gateway, customers });
  const found = (await loadCustomers(world.file)).customers;
  expect(found.get('a')?.privateKeyPath).toBe(join(homedir(), '.ssh/rpa'));
  expect(found.get('b')?.privateKeyPath).toBe(join(world.path, 'keys/b'));
});

test('two active customers cannot share an account; inactive ones do not count', async () => {
  const twice = { gateway, customers: { acme, beta: { ...acme, account: 'tunnel-beta' } } };
  await using world = await customersFile(twice);
  await expect(loadCustomers(world.file)).rejects.toThrow(
    /:12: customers\.beta\.port: acme has the same one/,
  );
  const left = { gateway, customers: { acme: { ...acme, state: 'left' }, beta: acme } };
  await using other = await customersFile(left);
  expect((await loadCustomers(other.file)).customers.size).toBe(2);
});

describe('errors are reported with line and field', () => {
  const lines = (...text: string[]) => text.join('\n');
  const withAcme = (entry: object) => JSON.stringify({ gateway, customers: { acme: { ...acme, ...entry } } });

  test.each([
    ['not JSON', lines('{', ' "gateway": {', ' }}}'), /:3: this is not JSON: something follows the end/],
    ['a comment', lines('{', ' // ours', '}'), /:2: this is not JSON: JSON has no comments/],
    ['no gateway', '{"customers":{}}', /:1: gateway: missing/],
    ['no host', '{"gateway":{"Host":"x"},"customers":{}}', /gateway\.host: missing; is "Host" meant\?/],
    [
      'a port',
      lines('{"gateway":{"host":"x",', '"port":70000},"customers":{}}'),
      /:2: gateway\.port: 70000 given; a whole number from 1 to 65535/,
    ],
    ['half a port', withAcme({ port: 1.5 }), /customers\.acme\.port: 1\.5 given/],
    ['a port as text', withAcme({ port: '9012' }), /customers\.acme\.port: "9012" given; a whole number/],
    ['a slip', withAcme({ hostkeyAlias: 'x' }), /customers\.acme\.hostkeyAlias: did you mean hostKeyAlias\?/],
    ['a state', withAcme({ state: 'gone' }), /customers\.acme\.state: "gone" given; active or left/],
    [
      'an account that useradd refuses',
      withAcme({ account: 'Acme; rm -rf /' }),
      /customers\.acme\.account: "Acme; rm -rf \/" given/,
    ],
    ['a key', withAcme({ hostKey: 'ssh-ed25519 AAAA\nfoo' }), /customers\.acme\.hostKey: .*\\n/],
    [
      'labels',
      withAcme({ labels: { city: 1 } }),
      /customers\.acme\.labels\.city: 1 given; text would be right/,
    ],
    ['a code', '{"gateway":{"host":"x"},"customers":{"a b":{}}}', /customers\.a b: a name that fits/],
    ['a list', '[]', /:1: a list given; an object/],
    ['gateway keys', '{"gateway":{"host":"x","hostKey":[]},"customers":{}}', /gateway\.hostKey: at least 1/],
  ])('%s', async (_what, text, message) => {
    await using world = await customersFile(text);
    const error = await loadCustomers(world.file).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CustomersFileError);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    expect((error as CustomersFileError).file).toBe(world.file);
    expect(isSshError(error)).toBe(false);
  });

  test('a missing file, and a folder', async () => {
    await expect(loadCustomers('/absent/customers.json')).rejects.toThrow(
      '/absent/customers.json: there is no such file',
    );
    await expect(loadCustomers('/')).rejects.toThrow(/cannot be read \(EISDIR\)/);
  });

  test('a file in another encoding is not read or overwritten', async () => {
    await using world = await customersFile('');
    const text = JSON.stringify({ gateway, customers: { acme } });
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
    const cp949 = Buffer.from(text.replace('{', '{"note":"\xb0\xa1",'), 'latin1');
    for (const bytes of [utf16, cp949]) {
      await writeFile(world.file, bytes);
      await expect(loadCustomers(world.file)).rejects.toThrow(/customers\.json: it is not UTF-8/);
      await expect(changeCustomer(world.file, 'acme', { state: 'left' })).rejects.toThrow('not UTF-8');
      expect(await readFile(world.file)).toEqual(bytes);
    }
  });

  test('unknown members are allowed', async () => {
    await using world = await customersFile({
      note: 1,
      gateway,
      customers: { acme: { ...acme, phone: '1' } },
    });
    expect((await loadCustomers(world.file)).customers.get('acme')).not.toHaveProperty('phone');
  });
});
