import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test, vi } from 'vitest';
import type { ExecHandler } from '../../src/mock-server/index.ts';
import { programFor } from './program.ts';
import { type CliWorld, startWorld } from './world.ts';

const [file, ...program] = programFor('cli');

function start(
  args: readonly string[],
  env = process.env,
): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  const child = spawn(file, [...program, ...args], { stdio: 'pipe', env });
  return child as ReturnType<typeof start>;
}

/** With its stdin left open, as a service manager leaves it. */
async function finish(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout!), text(child.stderr!)]);
  return { code, stdout, stderr };
}

const atWork: ExecHandler = (context) => {
  context.stdout.write('at work\n');
  context.onSignal((name) => context.kill(name));
};

async function startAtWork(world: CliWorld): Promise<ReturnType<typeof start>> {
  const child = start(['exec', ...world.flags, world.address, 'x']);
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return child;
}

test('a process ends with the exit code of the command even if its input stays open', async () => {
  await using world = await startWorld({ exec: { x: { stdout: 'out', stderr: 'err', exitCode: 7 } } });
  const child = start(['exec', ...world.flags, world.address, 'x']);
  expect(await finish(child)).toEqual({ code: 7, stdout: 'out', stderr: 'err' });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  'demo --keep ends at %s with 0, and leaves nothing behind',
  async (signal) => {
    const temporary = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-process-'));
    const child = start(['demo', '--keep'], { ...process.env, TMPDIR: temporary, npm_command: 'exec' });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    const finished = finish(child);
    expect(first.toString()).toMatch(/until Ctrl-C/);
    expect(await readdir(temporary)).toHaveLength(1);
    child.kill(signal);
    const { code, stdout, stderr } = await finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(first + stdout).toContain('  npx ssh-via-gateway doctor -F ');
    expect(await readdir(temporary)).toEqual([]);
    await rm(temporary, { recursive: true });
  },
);

test('long output is not truncated at the end of the process', async () => {
  await using world = await startWorld({ exec: { x: { stdout: Buffer.alloc(5_000_000, 'x') } } });
  const { stdout } = await finish(start(['exec', ...world.flags, world.address, 'x']));
  expect(stdout.length).toBe(5_000_000);
});

test.skipIf(process.platform === 'win32').each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s stops the command, the connection and the process: %d', async (signal, code) => {
  await using world = await startWorld({ exec: atWork });
  const child = await startAtWork(world);
  child.kill(signal);
  expect((await finish(child)).code).toBe(code);
  expect(world.server.journal.map(({ type }) => type)).toContain('signal');
  await vi.waitFor(() => expect(world.server.connections).toBe(0));
});

test.skipIf(process.platform === 'win32')('a second Ctrl-C ends it at once', async () => {
  await using world = await startWorld({
    exec: (context) => {
      context.stdout.write('at work\n');
    },
  });
  const child = await startAtWork(world);
  const started = performance.now();
  child.kill('SIGINT');
  await world.server.waitFor('signal');
  child.kill('SIGINT');
  expect((await finish(child)).code).toBe(130);
  // A command that takes no notice of signals is otherwise given about two seconds.
  expect(performance.now() - started).toBeLessThan(1_500);
});

test('a closed output pipe stops the command: 141', async () => {
  await using world = await startWorld({ exec: atWorkForEver });
  const child = start(['exec', ...world.flags, world.address, 'x']);
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((done) => child.once('exit', done));
  expect(code).toBe(141);
});

const atWorkForEver: ExecHandler = (context) => {
  const timer = setInterval(() => context.stdout.write('more\n'), 5);
  context.closed.addEventListener('abort', () => clearInterval(timer));
  context.onSignal((name) => context.kill(name));
};

test('help needs no network', async () => {
  const { stdout, code } = await finish(start(['--help']));
  expect(code).toBe(0);
  expect(stdout).toContain('doctor');
});

test('--version prints the version', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(await finish(start(['--version']))).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('output in the code page of a Korean PC is decoded, and a script for a PC is printed', async () => {
  await using world = await startWorld({ exec: { x: { stdout: Buffer.from([0xb1, 0xe8]) } } });
  const exec = start(['exec', '--encoding', 'cp949', ...world.flags, world.address, 'x']);
  expect(await finish(exec)).toEqual({ code: 0, stdout: '김', stderr: '' });
  const customers = join(world.folder, 'customers.json');
  const gateway = { host: 'gateway.example.com', hostKey: ['ssh-ed25519 AAAA'] };
  await writeFile(customers, JSON.stringify({ gateway, customers: { acme: { account: 'a', port: 9012 } } }));
  const script = await finish(start(['setup', 'pc', 'acme', '--for', 'linux', '--customers', customers]));
  expect(script).toMatchObject({ code: 0, stdout: expect.stringMatching(/^#!\/bin\/sh\n/) });
});
