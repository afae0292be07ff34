import { execFileSync } from 'node:child_process';
import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { customersFile } from '../customers/world.ts';
import { run } from './run.ts';
import { type CliWorld, startWorld } from './world.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6ml3jzw1kQ6PdrwmbxuZPdUE3HqyJp4Qn4ueBuJ0DR';
const text = `{
  "gateway": { "host": "gateway.example.com", "hostKey": ["${key}"] },
  "customers": {
    "acme": { "account": "tunnel-acme", "port": 9012 },
    "beta": { "account": "tunnel-beta", "port": 9013, "state": "left" }
  }
}
`;

test('setup pc writes the script into a file, and says when it lets no worker in', async () => {
  await using world = await customersFile(text);
  const file = join(world.path, 'tunnel-acme.sh');
  const all = ['setup', 'pc', '--customers', world.file, '--for', 'linux', 'acme'];
  const { exitCode, stdout, stderr } = await run([...all, '--output', file]);
  expect({ exitCode, out: stdout.toString() }).toEqual({ exitCode: 0, out: '' });
  expect(stderr).toContain('lets no worker in: the customers file names no privateKeyPath');
  execFileSync('sh', ['-n', file]);
  expect(await readFile(file, 'utf8')).toBe((await run(all)).stdout.toString());

  const missing = join(world.path, 'rpa');
  await writeFile(world.file, text.replace('"port": 9012', `"port": 9012, "privateKeyPath": "${missing}"`));
  expect((await run(all)).stderr).toContain(`there is no public key "${missing}.pub"; ssh-keygen`);

  const worker = join(world.path, 'rpa.pub');
  await writeFile(worker, `${key} kim\n`);
  expect((await run([...all, '--worker-key', worker])).stderr).toBe('');
  // A pipe or a device is written into, not replaced.
  expect((await run([...all, '--output', '/dev/null'])).exitCode).toBe(0);
  expect((await stat('/dev/null')).isFile()).toBe(false);
  const link = join(world.path, 'link');
  await symlink(file, link);
  expect((await run([...all, '--output', link])).exitCode).toBe(0);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  const nowhere = await run([...all, '--output', join(world.path, 'missing', 'x')]);
  expect(nowhere).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/--output: .* cannot be written \(ENOENT\)/),
  });
});

test('setup gateway does not cut off the customers that there are by another layout', async () => {
  await using world = await customersFile(text);
  const all = ['setup', 'gateway', '--local', '--customers', world.file, '--sshd-config', '/nonexistent'];
  const refused = await run([...all, '--layout', 'socket']);
  expect(refused).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/acme came with published: .*--change-layout/),
  });
  // These go on to look at the gateway, which has no such configuration.
  for (const more of [['--layout', 'published'], ['--layout', 'socket', '--change-layout'], []])
    expect((await run([...all, ...more])).exitCode).toBe(1);
  expect(await readFile(world.file, 'utf8')).toBe(text);
  expect(await readdir(world.path)).toEqual(['customers.json']);
});

test('setup customer refuses a port that sshd keeps for root', async () => {
  await using world = await customersFile(text);
  const { exitCode, stderr } = await run([
    ...['setup', 'customer', '--local', '--customers', world.file],
    ...['--port', '443', 'gamma'],
  ]);
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('443 is reserved for root'),
  });
  expect(await readFile(world.file, 'utf8')).toBe(text);
});

test.each(["O'Neil Kim", 'a\nb', '-x', ' kim', '$(id)'])(
  'setup customer refuses the login %j, which no command would take',
  async (login) => {
    await using world = await customersFile(text);
    const { exitCode, stderr } = await run([
      ...['setup', 'customer', '--local', '--customers', world.file],
      ...['--port', '9020', `--login=${login}`, 'gamma'],
    ]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/--login: .* the name of an account/),
    });
    expect(await readFile(world.file, 'utf8')).toBe(text);
  },
);

describe('a set-up that is stopped', () => {
  const calls: ReadonlyArray<readonly [verb: string, args: readonly string[]]> = [
    ['customer', ['gamma', '--port', '9014']],
    ['remove', ['acme']],
    ['gateway', ['--apply']],
  ];

  const setup = (world: CliWorld, file: string, [verb, args]: readonly [string, readonly string[]]) =>
    run(['setup', verb, ...world.flags, '--customers', file, ...args, world.address]);

  test.each(calls)('setup %s says that the gateway may have been changed', async (...call) => {
    await using world = await startWorld({ exec: () => {} });
    await using customers = await customersFile(text);
    const running = setup(world, customers.file, call);
    await world.server.waitFor('exec', { timeoutMs: 15_000 });
    running.stop();
    expect(await running).toMatchObject({
      exitCode: 130,
      stderr:
        'ssh-via-gateway: stopped: the gateway may have been changed. The same command again completes it, or says that all is as it should be\n',
    });
    expect(await readFile(customers.file, 'utf8')).toBe(text);
  });

  test('and that it was not, if it had not been asked', async () => {
    await using world = await startWorld({ faults: { banner: 'mute' } });
    await using customers = await customersFile(text);
    const running = setup(world, customers.file, calls[0]!);
    await world.server.waitFor('connect', { timeoutMs: 15_000 });
    running.stop();
    const stderr = 'ssh-via-gateway: stopped: nothing was changed\n';
    expect(await running).toMatchObject({ exitCode: 130, stderr });
  });

  test('a connection that is lost says the same, and how to go on', async () => {
    await using world = await startWorld({ exec: () => {} });
    await using customers = await customersFile(text);
    const running = setup(world, customers.file, calls[1]!);
    const { connection } = await world.server.waitFor('exec', { timeoutMs: 15_000 });
    world.server.drop(connection!, 'rst');
    expect(await running).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/lost.*; the gateway may have been changed\. The same/),
    });
  });
});
