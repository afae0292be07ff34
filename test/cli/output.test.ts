import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { customersFile, temporaryFolder } from '../customers/world.ts';
import { programFor } from './program.ts';
import { startWorld } from './world.ts';

const program = programFor('output');

const gateway = { host: 'gateway.example.com', hostKey: ['ssh-ed25519 AAAA'] };
const fleet = { gateway, customers: { acme: { account: 'a', port: 9012 } } };

interface End {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `script` in sh, where `"$@"` is a command of the program. */
async function sh(script: string, args: readonly string[]): Promise<End> {
  return finish(spawn('/bin/sh', ['-c', script, 'sh', ...program, ...args], { stdio: 'pipe' }));
}

async function finish(child: ChildProcess): Promise<End> {
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const [stdout, stderr] = await Promise.all([text(child.stdout!).catch(() => ''), text(child.stderr!)]);
  return { code: await ended, stdout, stderr };
}

describe.runIf(process.platform === 'linux')('stdout on a full disk', () => {
  const full = 'ssh-via-gateway: stdout: no space left on device (ENOSPC): the output is not complete\n';

  test.each([
    [['--version']],
    [['--help']],
    [['customers', 'list', '--json', '--customers', 'FILE']],
    [['customers', 'show', '--customers', 'FILE', 'acme']],
    [['tunnel', 'status', '--unit-dir', '/nonexistent']],
  ])('%j says so on stderr, once, and fails', async (args) => {
    await using world = await customersFile(fleet);
    const argv = args.map((word) => (word === 'FILE' ? world.file : word));
    const { code, stderr } = await sh('"$@" >/dev/full', argv);
    // The code of a status says more than that its words were lost.
    expect({ code, stderr }).toEqual({ code: args.includes('status') ? 4 : 1, stderr: full });
  });

  test.each([
    ['ls', '--json'],
    ['doctor', '--json'],
  ])('%s %s, too', async (...args) => {
    await using world = await startWorld();
    const flags =
      args[0] === 'doctor' ? world.flags.filter((word) => !/attempts|^1$/.test(word)) : world.flags;
    const more = args[0] === 'ls' ? ['/'] : [];
    const { code, stderr } = await sh('"$@" >/dev/full', [...args, ...flags, world.address, ...more]);
    expect(code).not.toBe(0);
    expect(stderr).toBe(full);
  });

  test('exec ends with 1, not as if the reader had gone', async () => {
    await using world = await startWorld({ exec: { x: { stdout: Buffer.alloc(500_000, 'x') } } });
    const argv = ['exec', ...world.flags, world.address, 'x'];
    expect(await sh('"$@" >/dev/full', argv)).toEqual({ code: 1, stdout: '', stderr: full });
  });

  test('where stderr is full, too, the exit code tells it', async () => {
    expect(await sh('"$@" >/dev/full 2>&1', ['--version'])).toEqual({ code: 1, stdout: '', stderr: '' });
  });
});

describe.skipIf(process.platform === 'win32')('files', () => {
  test('output of which a part fits is a failure', async () => {
    await using world = await customersFile(fleet);
    const out = join(world.path, 'script');
    // The limit of a file's size: the system accepts the part that fits, as a full disk does.
    const argv = ['setup', 'pc', '--customers', world.file, 'acme'];
    const { code, stderr } = await sh(`ulimit -f 4; "$@" >"${out}"`, argv);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ssh-via-gateway: stdout: .* \(EFBIG\): the output is not complete$/m);
    expect((await readFile(out)).length).toBeGreaterThan(0);
  });

  test('setup pc --output: whole or as it was, and not what the user did wrong', async () => {
    await using world = await customersFile(fleet);
    const out = join(world.path, 'script');
    const argv = ['setup', 'pc', '--customers', world.file, '--output', out, 'acme'];
    const tight = await sh('ulimit -f 4; "$@"', argv);
    expect(tight.code).toBe(1);
    expect(tight.stderr).toMatch(/^ssh-via-gateway: --output: ".*script" cannot be written \(EFBIG\)$/m);
    expect(await readdir(world.path)).toEqual(['customers.json']);

    expect((await sh('umask 0; "$@"', argv)).code).toBe(0);
    expect((await stat(out)).mode & 0o777).toBe(0o644);
    await chmod(out, 0o600);
    const before = await readFile(out, 'utf8');
    expect((await sh('ulimit -f 4; "$@"', argv)).code).toBe(1);
    expect((await sh('"$@"', argv)).code).toBe(0);
    expect({ text: await readFile(out, 'utf8'), mode: (await stat(out)).mode & 0o777 }).toEqual({
      text: before,
      mode: 0o600,
    });
    expect((await readdir(world.path)).length).toBe(2);
  });

  test('customers add: the file is named, and is as it was', async () => {
    await using world = await customersFile(fleet);
    const before = await readFile(world.file, 'utf8');
    const argv = ['customers', 'add', '--customers', world.file, '--port', '9013', 'beta'];
    expect(await sh('ulimit -f 0; "$@"', argv)).toEqual({
      code: 1,
      stdout: '',
      stderr: `ssh-via-gateway: ${world.file}: it cannot be written (EFBIG)\n`,
    });
    expect(await readFile(world.file, 'utf8')).toBe(before);
    expect(await readdir(world.path)).toEqual(['customers.json']);
  });

  test.each(['customer', 'remove'])(
    'setup %s: what is done on the gateway is told when the customers file has no room',
    async (verb) => {
      await using world = await startWorld({ exec: () => ({ stdout: 'did something\ndone\n' }) });
      await using customers = await customersFile(fleet);
      const code = verb === 'remove' ? ['acme'] : ['beta', '--port', '9013'];
      const argv = ['setup', verb, ...world.flags, '--customers', customers.file, ...code, world.address];
      const { stdout, ...rest } = await sh('ulimit -f 0; "$@"', argv);
      expect(stdout).toBe(`${code[0]}: something\n`);
      expect(rest).toEqual({
        code: 1,
        stderr: `ssh-via-gateway: ${customers.file}: it cannot be written (EFBIG). The gateway is as it should be, this file is not: run the same command again once it can be written\n`,
      });
      expect(JSON.parse(await readFile(customers.file, 'utf8'))).toEqual(fleet);
    },
  );

  test('a lock for which there is no room is a failure, and no empty one stays', async () => {
    await using folder = await temporaryFolder();
    const lock = join(folder.path, 'x.lock');
    const argv = ['tunnel', '-F', 'none', '-R', '9999:pc:22', '--lock', lock, '127.0.0.1:9'];
    const { code, stderr } = await sh('ulimit -f 0; "$@"', argv);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `ssh-via-gateway: --lock: "${lock}" cannot be the lock (EFBIG)\n`,
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('megabytes arrive whole', async () => {
    await using world = await startWorld({ exec: { x: { stdout: Buffer.alloc(5_000_000, 'x') } } });
    const out = join(world.folder, 'out');
    await writeFile(out, 'before\n');
    const { code } = await sh(`"$@" >>"${out}"`, ['exec', ...world.flags, world.address, 'x']);
    expect({ code, size: (await readFile(out)).length }).toEqual({ code: 0, size: 5_000_007 });
  });

  test('a reader that has gone is told nothing: 141', async () => {
    const [file, ...more] = program;
    const child = spawn(file, [...more, '--help'], { stdio: 'pipe' });
    child.stdout.destroy();
    expect(await finish(child)).toMatchObject({ code: 141, stderr: '' });
  });
});
