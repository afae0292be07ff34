import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { startWorld } from './world.ts';

test('the output and the exit code of the command are those of the program, byte for byte', async () => {
  const bytes = Buffer.from([0, 0xff, 0x1b, 0x5b, 0x32, 0x4a, 0x0a]);
  await using world = await startWorld({ exec: { x: { stdout: bytes, stderr: 'oh\n', exitCode: 7 } } });
  const { exitCode, stdout, stderr } = await world.run('exec', [world.address, 'x']);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 7, stdout: bytes, stderr: 'oh\n' });
});

test('several words are a program with arguments, each passed as typed', async () => {
  await using world = await startWorld({ exec: ({ command }) => command });
  const { stdout } = await world.run('exec', [world.address, '--', 'a b', "it's", '$HOME', '--help']);
  expect(stdout.toString()).toBe(`'a b' 'it'\\''s' '$HOME' --help`);
});

test('one word is a command line, sent unchanged', async () => {
  await using world = await startWorld({ exec: ({ command }) => command });
  const { stdout } = await world.run('exec', [world.address, 'a | b > c']);
  expect(stdout.toString()).toBe('a | b > c');
});

test('options after the destination belong to the command, as with ssh', async () => {
  await using world = await startWorld({ exec: ({ command }) => command });
  const { stdout } = await world.run('exec', [world.address, 'ls', '-l', '--help']);
  expect(stdout.toString()).toBe('ls -l --help');
});

test('input passes to the command', async () => {
  await using world = await startWorld();
  const { stdout, exitCode } = await world.run('exec', [world.address, 'cat'], { stdin: 'hello\n' });
  expect({ stdout: stdout.toString(), exitCode }).toEqual({ stdout: 'hello\n', exitCode: 0 });
});

test('a command that reads nothing ends even if the input stays open', async () => {
  await using world = await startWorld();
  const { exitCode } = await world.run('exec', [world.address, 'true'], { stdin: 'open' });
  expect(exitCode).toBe(0);
});

test('with --no-stdin the command sees the end of its input', async () => {
  await using world = await startWorld();
  const { stdout } = await world.run('exec', ['-n', world.address, 'cat'], { stdin: 'open' });
  expect(stdout.toString()).toBe('');
});

test('with --encoding Korean output is printed as UTF-8', async () => {
  await using world = await startWorld({
    windows: { codePage: 949 },
    exec: { dir: { stdout: '처리 완료\r\n' } },
  });
  const { stdout } = await world.run('exec', ['--encoding', 'cp949', world.address, 'dir']);
  expect(stdout.toString()).toBe('처리 완료\r\n');
});

test.each([
  ['a signal', { signal: 'TERM' }, 143, 'ended by SIGTERM'],
  [
    'a Windows code that 8 bits cannot hold',
    { exitCode: 0xc0000135 },
    0x35,
    '3221225781 (0xC0000135, STATUS_DLL_NOT_FOUND). A DLL that the program needs is missing.',
  ],
  ['a failure whose low byte is 0', { exitCode: 0xc0000100 }, 1, '0xC0000100'],
])('%s is mapped to an exit code', async (_what, end, code, words) => {
  await using world = await startWorld({ exec: { x: end } });
  const { exitCode, stderr } = await world.run('exec', [world.address, 'x']);
  expect(exitCode).toBe(code);
  expect(stderr).toContain(words);
});

test('a command without an exit status is 255, not a success', async () => {
  await using world = await startWorld({ exec: { x: {} }, faults: { exec: { noExitStatus: true } } });
  expect((await world.run('exec', [world.address, 'x'])).exitCode).toBe(255);
});

test('a lost connection is 255, with the reason on stderr', async () => {
  await using world = await startWorld({ exec: () => new Promise<void>(() => {}) });
  const running = world.run('exec', [world.address, 'x']);
  await world.server.waitFor('exec');
  world.server.dropAll('rst');
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(255);
  expect(stderr).toContain('ConnectionLost');
});

test('an unreachable server is 255', async () => {
  await using world = await startWorld();
  await world.server.close();
  const { exitCode, stderr } = await world.run('exec', [world.address, 'x']);
  expect(exitCode).toBe(255);
  expect(stderr).toContain('ConnectionRefused');
});

test('a timeout is 124', async () => {
  await using world = await startWorld({ exec: (context) => context.onSignal((name) => context.kill(name)) });
  const { exitCode, stderr } = await world.run('exec', ['--timeout', '300ms', world.address, 'x']);
  expect(exitCode).toBe(124);
  expect(stderr).toContain('CommandTimeout');
});

test('Ctrl-C stops the command on the server and ends with 130', async () => {
  const signals: string[] = [];
  await using world = await startWorld({
    exec: (context) => {
      context.stdout.write('at work\n');
      context.onSignal((name) => {
        signals.push(name);
        context.kill(name);
      });
    },
  });
  const running = world.run('exec', [world.address, 'x']);
  await vi.waitFor(() => expect(running.stdoutSoFar).toBe('at work\n'));
  running.stop('SIGINT');
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(130);
  expect(stderr).toBe('ssh-via-gateway: stopped: the command had been started, and has ended (by SIGTERM)\n');
  expect(signals).toEqual(['TERM']);
  await vi.waitFor(() => expect(world.server.connections).toBe(0));
});

test('a command that cannot be stopped is reported', async () => {
  await using world = await startWorld({
    exec: (context) => {
      context.stdout.write('at work\n');
    },
  });
  const running = world.run('exec', [world.address, 'x']);
  await vi.waitFor(() => expect(running.stdoutSoFar).toBe('at work\n'));
  running.stop('SIGTERM');
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(143);
  expect(stderr).toMatch(/had been started.*(runs on|may run on).*Look for it on the PC/);
});

test('Ctrl-C while connecting stops at once', async () => {
  await using world = await startWorld({ faults: { banner: 'mute' } });
  const running = world.run('exec', [world.address, 'x']);
  await vi.waitFor(() => expect(world.server.connections).toBe(1));
  running.stop();
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(130);
  expect(stderr).toBe('ssh-via-gateway: stopped before the connection was up: the command was not started\n');
});

test('Ctrl-C before the server has confirmed the start reports that the command may run', async () => {
  await using world = await startWorld({ exec: { x: {} }, faults: { latencyMs: 300 } });
  const running = world.run('exec', [world.address, 'x']);
  await world.server.waitFor('exec');
  running.stop();
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(130);
  expect(stderr).toContain('it may have been, and may run on');
});

test('a failing input is an error', async () => {
  await using world = await startWorld();
  const input = new Readable({
    read() {
      this.destroy(new Error('disk is gone'));
    },
  });
  const { exitCode, stderr } = await world.run('exec', [world.address, 'cat'], { input });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('disk is gone');
});
