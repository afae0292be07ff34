import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { variableOf } from '../../src/cli/args/option-spec.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { specsOf } from '../../src/cli/commands/specs.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { run } from './run.ts';

let folder: string;
let server: MockServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-file-options-'));
  server = await startMockServer();
  await writeFile(join(folder, 'in.json'), '{}');
  const hostKey = [server.hostKey.publicKey];
  const customers = { acme: { port: 9012, account: 'tunnel-acme' } };
  const gateway = { host: server.host, port: server.port, operator: server.username, hostKey };
  await writeFile(join(folder, 'customers.json'), JSON.stringify({ gateway, customers }));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** What each command needs beside the option; AT is the server, IN a file of the user's. */
const calls: Record<string, string[]> = {
  doctor: ['AT'],
  exec: ['AT', 'hostname'],
  put: ['AT', 'IN', '/x'],
  get: ['AT', '/x', 'IN'],
  ls: ['AT', '/'],
  mkdir: ['AT', '/x'],
  'job start': ['--id', 'x', 'AT', 'hostname'],
  'job status': ['AT', 'x'],
  'job logs': ['AT', 'x'],
  'job kill': ['AT', 'x'],
  'job remove': ['AT', 'x'],
  tunnel: ['-R', '9012:127.0.0.1:22', 'AT'],
  'tunnel install': ['-R', '9012:127.0.0.1:22', 'AT'],
  tunnels: ['AT'],
  'setup gateway': ['AT'],
  'setup customer': ['acme', '--port', '9012', 'AT'],
  'setup remove': ['acme', 'AT'],
  'setup pc': ['acme'],
  'customers list': [],
  'customers show': ['acme'],
  'customers leave': ['acme'],
  'customers add': ['new', '--port', '9013'],
};

/** What is read on another machine, or later than the command, or may well be absent. */
const elsewhere = new Set(['sshd-config', 'pc-identity']);

/** What only the service that is installed reads or writes. */
const ofService = new Set(['log-file', 'lock', 'known-hosts', 'customers']);

const cases = commands.flatMap((command) => {
  const args = calls[command.name];
  const isLater = (name: string) => command.name === 'tunnel install' && ofService.has(name);
  const files = specsOf(command).filter(
    ({ value, name }) => value === 'FILE' && !elsewhere.has(name) && !isLater(name),
  );
  // A shell wants a terminal first, and customers add only writes down where the workers' key is.
  if (args === undefined || command.name === 'customers add') return [];
  return files.map(({ name, env }) => ({ command: command.name, name, env, args }));
});

/** A folder is no file: it can be neither read nor written. */
async function refused({ command, name, args }: (typeof cases)[number], env?: Record<string, string>) {
  const isOfJump = name.startsWith('jump-') ? ['--jump', `rpa@${server.host}:${server.port}`] : [];
  const words = args
    .filter((word) => word !== 'AT' || name !== 'customers')
    .map((word) =>
      word === 'AT' ? `rpa@${server.host}:${server.port}` : word === 'IN' ? join(folder, 'in.json') : word,
    );
  const takes = (option: string) =>
    specsOf(commands.find((one) => one.name === command)!).some((spec) => spec.name === option);
  const asked = [
    ...(takes('ssh-config') && name !== 'ssh-config' ? ['-F', 'none'] : []),
    ...(takes('attempts') ? ['--attempts', '1'] : []),
    ...(takes('give-up-after') ? ['--give-up-after', '1'] : []),
    ...(takes('lock') && name !== 'lock' ? ['--lock', 'none'] : []),
    ...(takes('customers') && name !== 'customers' ? ['--customers', join(folder, 'customers.json')] : []),
    ...(name === 'customers' && takes('customer') ? ['-c', 'acme'] : []),
    ...(command === 'tunnel install' ? ['--unit-dir', folder] : []),
    ...isOfJump,
  ];
  return run([...command.split(' '), ...asked, ...(env ? [] : [`--${name}`, folder]), ...words], {
    env: { SSH_VIA_GATEWAY_PASSWORD: 'rpa', ...env },
  });
}

describe('a file option that names a folder is reported by name', () => {
  test('there are many', () => expect(cases.length).toBeGreaterThan(120));

  test.each(cases)('$command --$name', async (one) => {
    const { stdout, stderr, exitCode } = await refused(one);
    expect(stdout + stderr).toContain(`--${one.name}`);
    expect(stdout + stderr).not.toMatch(/of ssh_config|illegal operation/);
    // The log of a tunnel goes to stderr instead.
    if (one.name !== 'log-file') expect(exitCode).not.toBe(0);
  });

  test.each(cases.filter(({ env, command, name }) => env && command === 'exec' && name !== 'known-hosts'))(
    '$command: $name by its variable',
    async (one) => {
      const { stderr, exitCode } = await refused(one, { [variableOf(one.name)]: folder });
      expect([stderr, exitCode]).toEqual([expect.stringContaining(variableOf(one.name)), expect.any(Number)]);
    },
  );
});
