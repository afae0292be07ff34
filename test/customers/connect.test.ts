import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectToCustomer, loadCustomers } from '../../src/index.ts';
import { type MockGateway, startMockGateway } from '../../src/mock-server/index.ts';
import { run } from '../cli/run.ts';
import { customersFile } from './world.ts';

let gateway: MockGateway;
let world: Awaited<ReturnType<typeof customersFile>>;

beforeAll(async () => {
  gateway = await startMockGateway();
  const pc = await gateway.addPc({ server: { exec: { hostname: { stdout: 'PC-OF-ACME\n' } } } });
  world = await customersFile('');
  const key = join(world.path, 'key');
  await writeFile(key, pc.server.clientKey.privateKey, { mode: 0o600 });
  const gatewayKey = join(world.path, 'gateway-key');
  await writeFile(gatewayKey, gateway.ssh.clientKey.privateKey, { mode: 0o600 });
  const entry = {
    ...{ account: 'tunnel-acme', port: pc.port, username: pc.server.username, privateKeyPath: 'key' },
    hostKey: pc.server.hostKey.publicKey.split(' ').slice(0, 2).join(' '),
  };
  const content = {
    gateway: {
      ...{ host: gateway.host, port: gateway.ssh.port, username: gateway.ssh.username },
      hostKey: [gateway.ssh.hostKey.publicKey.split(' ').slice(0, 2).join(' ')],
      privateKeyPath: 'gateway-key',
    },
    customers: {
      acme: entry,
      jump: { ...entry, port: pc.port, hostKeyAlias: 'jump', route: 'jump', state: 'left' },
      gone: { ...entry, state: 'left' },
    },
  };
  await writeFile(world.file, JSON.stringify(content));
});
afterAll(async () => {
  await gateway.close();
  await world[Symbol.asyncDispose]();
});

test('connects to the PC of a customer with what the file says', async () => {
  await using pc = await connectToCustomer('acme', { customers: world.file, retry: false });
  expect((await pc.exec('hostname')).stdout).toBe('PC-OF-ACME\n');
});

test('goes through the gateway if the file says so', async () => {
  const customers = await loadCustomers(world.file);
  const jump = { ...customers.customers.get('jump')!, state: 'active' } as const;
  await using pc = await connectToCustomer('jump', {
    customers: { ...customers, customers: new Map([['jump', jump]]) },
    retry: false,
  });
  expect((await pc.exec('hostname')).stdout).toBe('PC-OF-ACME\n');
});

test('options override the file; undefined does not', async () => {
  const options = { customers: world.file, retry: false } as const;
  await using pc = await connectToCustomer('acme', { ...options, username: undefined } as never);
  expect((await pc.exec('hostname')).exitCode).toBe(0);
  const refused = connectToCustomer('acme', {
    ...options,
    hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}` },
  });
  await expect(refused).rejects.toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH' });
});

test.each([
  ['acmee', /there is no customer "acmee" .*did you mean acme\?/],
  ['constructor', /there is no customer "constructor"/],
  ['gone', /customer gone has left/],
])('%s is rejected before anything opens', async (code, message) => {
  await expect(connectToCustomer(code, { customers: world.file })).rejects.toThrow(message);
  await expect(connectToCustomer(code, { customers: world.file })).rejects.toThrow(TypeError);
});

test.each([
  ['a code that is none', () => connectToCustomer(1 as never)],
  ['options that are none', () => connectToCustomer('acme', 1 as never)],
  ['customers that are none', () => connectToCustomer('acme', { customers: {} as never })],
  ['a misspelt option', () => connectToCustomer('acme', { customers: world.file, retyr: false } as never)],
])('%s: a TypeError', async (_what, call) => {
  await expect(call()).rejects.toThrow(TypeError);
});

const at = () => ['-F', 'none', '--customers', world.file];

test('exec -c treats everything after it as the command', async () => {
  const { stdout, stderr } = await run(['exec', ...at(), '-c', 'acme', 'hostname']);
  expect({ stdout: stdout.toString(), stderr }).toEqual({ stdout: 'PC-OF-ACME\n', stderr: '' });
  const dashed = await run(['exec', '-c', 'acme', ...at(), '--', 'hostname']);
  expect(dashed.stdout.toString()).toBe('PC-OF-ACME\n');
});

test('the environment may name the file', async () => {
  const env = { SSH_VIA_GATEWAY_CUSTOMERS: world.file };
  const { stdout } = await run(['exec', '-F', 'none', '-c', 'acme', 'hostname'], { env });
  expect(stdout.toString()).toBe('PC-OF-ACME\n');
});

test('doctor -c and job status -c need no destination', async () => {
  expect((await run(['doctor', ...at(), '--banner-timeout', '5s', '-c', 'acme'])).exitCode).toBe(0);
  expect((await run(['job', 'status', ...at(), '-c', 'acme'])).stdout.toString()).toContain('No jobs');
});

test('put -c and get -c accept two paths', async () => {
  const put = await run(['put', ...at(), '-c', 'acme', world.file, '/c.json']);
  expect(put).toMatchObject({ exitCode: 0 });
  expect((await run(['get', ...at(), '-c', 'acme', '/c.json'])).stderr).toMatch(
    /Expected REMOTE LOCAL behind -c CODE; one argument/,
  );
});

test.each([
  [['doctor', '-c', 'acme', 'host'], /-c CODE or a destination, not both/],
  [['doctor', '-c', 'acmee'], /no customer "acmee".*did you mean acme/],
  [['doctor', '-c', 'gone'], /customer gone has left/],
])('%j is wrong use', async ([command = '', ...args], message) => {
  const { exitCode, stderr } = await run([command, ...at(), ...args]);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) });
});

test('a wrong file is wrong use, with line and field', async () => {
  await using wrong = await customersFile('{\n"gateway": {"host": 1}, "customers": {}}');
  const { exitCode, stderr } = await run(['doctor', '--customers', wrong.file, '-c', 'acme']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/customers\.json:2: gateway\.host: 1 given/);
});
