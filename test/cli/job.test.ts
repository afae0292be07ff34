import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalAccount, localAccount } from '../support/local-job-host.ts';
import { run } from './run.ts';
import { type CliWorld, startWorld } from './world.ts';

/** The jobs run in the real sh of this machine. */
let account: LocalAccount;
let world: CliWorld;

beforeAll(async () => {
  account = await localAccount();
  world = await startWorld({ exec: account.handler });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await account[Symbol.asyncDispose]();
});

/** `job WHAT`, with the options that log in. */
function job(what: string, ...args: string[]) {
  return run(['job', what, ...world.flags, ...args]);
}

test('a job is started once per id, followed to its end, queried, listed and removed', async () => {
  const { address } = world;
  const line = 'echo out; echo err >&2; exit 3';
  const first = await job('start', '--id', 'a', address, line);
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  expect(first.stdout.toString()).toBe('a: started\n');
  expect((await job('start', '--id', 'a', address, line)).stdout.toString()).toBe('a: was there already\n');
  const logs = await job('logs', '--follow', address, 'a');
  expect(logs).toMatchObject({ exitCode: 3, stderr: 'err\n' });
  expect(logs.stdout.toString()).toBe('out\n');
  const status = await job('status', address, 'a');
  expect(status.stdout.toString()).toBe('a: exited with 3\n');
  expect(status.exitCode).toBe(1);
  const all = await job('status', address);
  expect(all.stdout.toString()).toMatch(/^ID +STARTED.*\na +\d{4}-.* exited with 3\n$/);
  expect((await job('remove', address, 'a')).exitCode).toBe(0);
  expect((await job('status', address)).stdout.toString()).toBe('No jobs.\n');
});

test('another command under the same id is an error that says so', async () => {
  await job('start', '--id', 'b', world.address, 'true');
  const { exitCode, stderr } = await job('start', '--id', 'b', world.address, 'false');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('JobConflict');
});

test('Ctrl-C while following leaves the job running; kill ends it', async () => {
  await job('start', '--id', 'c', world.address, 'echo up; exec sleep 300');
  const watching = job('logs', '-f', world.address, 'c');
  await vi.waitFor(() => expect(watching.stdoutSoFar).toBe('up\n'), { timeout: 10_000 });
  watching.stop();
  expect((await watching).exitCode).toBe(130);
  expect((await job('status', world.address, 'c')).exitCode).toBe(3);
  const killed = await job('kill', '--grace', '1s', world.address, 'c');
  expect(killed.stdout.toString()).toMatch(/^c: killed/);
  expect(killed.exitCode).toBe(0);
});

test('a missing job is lost: exit code 4', async () => {
  const { exitCode, stdout } = await job('status', '--json', world.address, 'absent');
  expect(exitCode).toBe(4);
  expect(JSON.parse(stdout.toString())).toMatchObject({ id: 'absent', state: 'lost' });
});

test('without an id it explains what an id is for', async () => {
  const { exitCode, stderr } = await job('start', world.address, 'true');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--id billing-');
});

test('job start --follow passes on the output, and ends with the exit code', async () => {
  const { address } = world;
  const line = 'echo out; exit 4';
  const ended = await job('start', '--id', 'followed', '--follow', address, line);
  expect(ended).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('followed: started') });
  expect(ended.stdout.toString()).toBe('out\n');
  const both = await job('start', '--id', 'followed', '--follow', '--json', address, line);
  expect(both).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--follow and --json exclude each other'),
  });
});

test('job logs --tail prints the last lines of each stream, also while it follows', async () => {
  const { address } = world;
  await job('start', '--id', 'long', '--follow', address, 'for n in 1 2 3 4; do echo $n; done; echo e >&2');
  const logs = async (...args: string[]) => {
    const { stdout, stderr } = await job('logs', ...args, address, 'long');
    return [stdout.toString(), stderr];
  };
  expect(await logs('--tail', '2')).toEqual(['3\n4\n', 'e\n']);
  expect(await logs('--tail', '2', '--follow')).toEqual(['3\n4\n', 'e\n']);
  expect(await logs('--tail', '0')).toEqual(['', '']);
  expect(await logs('--tail', '9')).toEqual(['1\n2\n3\n4\n', 'e\n']);
  expect((await job('logs', '--tail', 'all', address, 'long')).exitCode).toBe(2);
});

test('job logs --encoding also decodes the first output, and a character split between pieces', async () => {
  const { address } = world;
  // 처리 in cp949.
  await job('start', '--id', 'korean', '--follow', address, "printf '\\303\\263\\270\\256\\n'");
  const raw = await job('logs', address, 'korean');
  expect(raw.stdout).toEqual(Buffer.from([0xc3, 0xb3, 0xb8, 0xae, 0x0a]));
  const text = await job('logs', '--encoding', 'cp949', address, 'korean');
  expect(text.stdout.toString()).toBe('처리\n');
});
