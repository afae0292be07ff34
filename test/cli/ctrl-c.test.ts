import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { run } from './run.ts';
import type { CliWorld } from './world.ts';
import { startWorld } from './world.ts';

const jobOf = (world: CliWorld, [verb = '', ...args]: readonly string[]) =>
  run(['job', verb, ...world.flags, ...args]);

const slow = { faults: { throttle: { bytesPerSecond: 400_000 } } };
const amount = '\\d[\\d.]* [kM]?B(?: of 2\\.0 MB)?';

/** Stops the program when so many bytes of the file are on their way. */
async function stopped(world: CliWorld, command: 'put' | 'get', ...flags: string[]) {
  const local = join(world.folder, 'file.bin');
  const running = world.run(
    command,
    [
      ...flags,
      ...(command === 'put' ? [world.address, local, '/file.bin'] : [world.address, '/file.bin', local]),
    ],
    { terminal: true },
  );
  await vi.waitFor(() => expect(running.stderrSoFar).toMatch(/ [1-9]\d* % /), 15_000);
  running.stop();
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(130);
  return stderr
    .split(/[\n\r]/)
    .filter((line) => line.includes('ssh-via-gateway: stopped'))
    .join();
}

test.concurrent('put reports its progress, that no partial file exists, and how to keep one', async () => {
  await using world = await startWorld(slow);
  await writeFile(join(world.folder, 'file.bin'), randomBytes(2_000_000));
  expect(await stopped(world, 'put')).toMatch(
    new RegExp(
      `stopped after ${amount}: /file\\.bin is unchanged, absent or complete, but never half-written.*With --resume, what arrives is kept for the next call$`,
    ),
  );
  expect(world.server.files.has('/file.bin')).toBe(false);
});

test.concurrent('put --in-place reports that the file is incomplete', async () => {
  await using world = await startWorld(slow);
  await writeFile(join(world.folder, 'file.bin'), randomBytes(2_000_000));
  expect(await stopped(world, 'put', '--in-place')).toMatch(
    /: \/file\.bin is incomplete\. The same call with --resume continues it$/,
  );
});

test.concurrent('get --resume reports that what arrived is kept', async () => {
  await using world = await startWorld(slow);
  world.server.files.write('/file.bin', randomBytes(2_000_000));
  expect(await stopped(world, 'get', '--resume')).toMatch(
    new RegExp(
      `stopped after ${amount}: .*file\\.bin is unchanged, absent or complete, but never half-written.*What arrived is kept beside it: the same call continues from there$`,
    ),
  );
});

test.concurrent.each([
  ['put', ['LOCAL', '/x'], /stopped before anything was transferred: \/x is as it was/],
  ['get', ['/x', '/absent/x'], /stopped before anything was transferred: \/absent\/x is as it was/],
  ['mkdir', ['/x'], /stopped before the server was asked to create \/x/],
  ['job logs', ['a'], /job a is not affected, .*ssh-via-gateway job logs --follow \S+ a\n/],
  ['job kill', ['a'], /job a is not affected/],
  [
    'job start',
    ['--id', 'a', 'true'],
    /it is not known whether job a was started\. Repeating the call starts it at most once/,
  ],
] as const)('%s while connecting: reports what is known', async (command, args, says) => {
  await using world = await startWorld({ faults: { banner: 'mute' } });
  const [flag, id] = args[0] === '--id' ? args : [];
  const rest = flag ? args.slice(2) : args;
  const values = rest.map((word) => (word === 'LOCAL' ? world.identity : word));
  const words = command.split(' ');
  const running = run([...words, ...world.flags, ...(flag ? [flag, id!] : []), world.address, ...values]);
  await vi.waitFor(() => expect(world.server.connections).toBe(1));
  running.stop();
  const { exitCode, stderr } = await running;
  expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: expect.stringMatching(says) });
});

test.concurrent('job start --follow: the job keeps running, and the printed command works', async () => {
  await using world = await startWorld({ exec: { robot: { stdout: 'up\n', delayMs: 1_500 } } });
  const running = jobOf(world, ['start', '--follow', '--id', 'a', world.address, 'robot']);
  await vi.waitFor(() => expect(running.stderrSoFar).toContain('a: started'));
  running.stop('SIGTERM');
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(143);
  const [, line = ''] =
    /To return to it, with the same options: ssh-via-gateway job (.*)\n/.exec(stderr) ?? [];
  expect(line).toBe(`logs --follow ${world.address} a`);
  const again = await jobOf(world, line.split(' '));
  expect(again.stdout.toString()).toBe('up\n');
  expect(again.exitCode).toBe(0);
});

test.concurrent.each([
  ['kill', 'ended'],
  ['remove', 'removed'],
])('job %s in progress: the outcome is unknown', async (verb, done) => {
  await using world = await startWorld({ exec: { robot: { delayMs: 60_000 } } });
  await jobOf(world, ['start', '--id', 'a', world.address, 'robot']);
  world.server.setFaults({ exec: { hang: true } });
  const before = world.server.journal.filter(({ type }) => type === 'exec').length;
  const running = jobOf(world, [verb, world.address, 'a']);
  await vi.waitFor(() =>
    expect(world.server.journal.filter(({ type }) => type === 'exec').length).toBeGreaterThan(before),
  );
  running.stop();
  const { exitCode, stderr } = await running;
  expect({ exitCode, stderr }).toEqual({
    exitCode: 130,
    stderr: expect.stringContaining(`it is not known whether job a was ${done}; job status tells`),
  });
});

test.concurrent('mkdir in progress: the outcome is unknown', async () => {
  await using world = await startWorld({ faults: { sftp: { hangOp: { op: 'MKDIR' } } } });
  const running = world.run('mkdir', [world.address, '/x']);
  await world.server.waitFor((entry) => entry.type === 'sftp' && entry.op === 'MKDIR');
  running.stop();
  const { exitCode, stderr } = await running;
  expect({ exitCode, stderr }).toEqual({
    exitCode: 130,
    stderr: expect.stringContaining('it is not known whether /x was created'),
  });
});
