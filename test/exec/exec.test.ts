import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { ChannelOpenFailed, CommandFailed } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { commandsSeen, failureOf, startMock } from './mock.ts';

describe('a command that succeeds', () => {
  it('resolves with its output unchanged, not trimmed', async () => {
    await using mock = await startMock({ exec: { x: { stdout: '\n  a \r\n\n', stderr: ' warning \n' } } });
    const result = await exec(mock.opener, 'x');
    expect(result).toMatchObject({
      command: 'x',
      exitCode: 0,
      signal: null,
      stdout: '\n  a \r\n\n',
      stderr: ' warning \n',
      truncated: false,
    });
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
    await mock.idle();
  });

  it('sends EOF to the command if there is no input', async () => {
    await using mock = await startMock();
    expect((await exec(mock.opener, 'cat')).stdout).toBe('');
  });

  it('encodes text input in the encoding of the command', async () => {
    await using mock = await startMock();
    const result = await exec(mock.opener, 'cat', { stdin: '한글 똠방각하', encoding: 'cp949' });
    expect(result.stdout).toBe('한글 똠방각하');
    const bytes = await exec(mock.opener, 'cat', { stdin: iconv.encode('똠', 'cp949'), encoding: 'buffer' });
    expect(bytes.stdout).toEqual(iconv.encode('똠', 'cp949'));
  });

  it('decodes a character split between two packets', async () => {
    const bytes = iconv.encode('똠', 'cp949');
    await using mock = await startMock(async (context) => {
      context.stdout.write(bytes.subarray(0, 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      context.stdout.write(bytes.subarray(1));
      context.exit(0);
    });
    const pieces: string[] = [];
    const command = exec(mock.opener, 'x', { encoding: 'cp949', onStdout: (text) => pieces.push(text) });
    expect((await command).stdout).toBe('똠');
    expect(pieces).toEqual(['똠']);
  });

  it('keeps output that follows the exit status', async () => {
    await using mock = await startMock({
      exec: { x: { stdout: 'late' } },
      faults: { exec: { exitBeforeData: true } },
    });
    expect((await exec(mock.opener, 'x')).stdout).toBe('late');
  });

  it('quotes an argument array, cwd and env for the shell of the server', async () => {
    await using posix = await startMock(() => 0);
    await exec(posix.opener, ['say', 'a b'], { cwd: '/tmp', env: { A: '1' } });
    expect(commandsSeen(posix.server)).toEqual([
      "exec /bin/sh -c 'cd -- /tmp || exit 1; export A=1 || exit 1; say '\\''a b'\\'''",
    ]);
    await using windows = await startMock({ windows: true, exec: () => 0 });
    await exec(windows.opener, ['say', 'a b']);
    expect(commandsSeen(windows.server)).toEqual(['say "a b"']);
  });

  it('requests a pseudo-terminal of the given size', async () => {
    await using mock = await startMock(
      (context) => `${context.pty?.term} ${context.pty?.cols}x${context.pty?.rows}`,
    );
    const pty = { cols: 132, rows: 50, term: 'xterm' };
    expect((await exec(mock.opener, 'x', { pty })).stdout).toBe('xterm 132x50');
  });

  it('calls back with each piece of stdout and stderr separately before it resolves', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'out', stderr: 'err' } } });
    const seen: string[] = [];
    await exec(mock.opener, 'x', {
      onStdout: (text) => seen.push(`1:${text}`),
      onStderr: (text) => seen.push(`2:${text}`),
    });
    expect(seen.sort()).toEqual(['1:out', '2:err']);
  });

  it('waits for the promise of a callback before it passes on more output', async () => {
    await using mock = await startMock(async (context) => {
      for (let i = 0; i < 5; i++) {
        context.stdout.write(`${i}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      context.exit(0);
    });
    let atOnce = 0;
    let most = 0;
    let text = '';
    await exec(mock.opener, 'x', {
      onStdout: async (piece) => {
        most = Math.max(most, ++atOnce);
        await new Promise((resolve) => setTimeout(resolve, 15));
        text += piece;
        atOnce--;
      },
    });
    expect({ most, text }).toEqual({ most: 1, text: '01234' });
  });
});

describe('a command that fails', () => {
  it('rejects with its exit code, its output and the last lines of stderr', async () => {
    await using mock = await startMock({
      exec: { x: { stdout: 'some', stderr: 'first\nno such thing\u001b[31m\n', exitCode: 3 } },
    });
    const error = await failureOf<CommandFailed>(exec(mock.opener, 'x'));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error).toMatchObject({
      command: 'x',
      exitCode: 3,
      signal: null,
      stdout: 'some',
      retryable: false,
    });
    expect(error.message).toBe(
      `The command "x" on 127.0.0.1:${mock.server.port} exited with code 3; stderr: first | no such thing\\x1b[31m`,
    );
    expect(error.stack).toContain('exec.test.ts');
    await mock.idle();
  });

  it('includes the code that awaits it or accessed its streams in the stack', async () => {
    await using mock = await startMock({ exec: { x: { exitCode: 3 } } });
    const run = () => exec(mock.opener, 'x');
    async function awaiting() {
      await run();
    }
    async function together() {
      await Promise.all([run(), exec(mock.opener, 'true')]);
    }
    async function chained() {
      return await run().then(({ stdout }) => stdout);
    }
    async function later() {
      const command = run();
      await new Promise((resolve) => setImmediate(resolve));
      await command;
    }
    async function byLines() {
      for await (const _line of run());
    }
    function held() {
      const command = run();
      command.stdout.resume();
      return command;
    }
    async function holding() {
      await held();
    }
    for (const robot of [awaiting, together, chained, later, byLines, holding]) {
      const error = await failureOf<CommandFailed>(robot());
      expect(error).toMatchObject({ code: 'SSH_COMMAND_FAILED', exitCode: 3 });
      expect(error.stack, robot.name).toMatch(
        new RegExp(`at .*${robot === holding ? held.name : robot.name}`),
      );
      expect(error.stack, robot.name).toMatch(/^CommandFailed: The command "x" .* exited with code 3\n/);
    }
  });

  it("does not change the stack of the caller's own error", async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'y' } } });
    const mine = new Error('mine');
    const { stack } = mine;
    const onStdout = () => {
      throw mine;
    };
    expect(await failureOf(exec(mock.opener, 'x', { onStdout }))).toBe(mine);
    expect(mine.stack).toBe(stack);
  });

  it('explains well-known exit codes', async () => {
    await using mock = await startMock((context) => Number(context.command));
    const hint = async (code: number) => (await failureOf<CommandFailed>(exec(mock.opener, `${code}`))).hint;
    expect(await hint(127)).toMatch('did not find the command');
    expect(await hint(126)).toMatch('could not run it');
    expect(await hint(9009)).toMatch('cmd.exe did not find');
    expect(await hint(255)).toMatch('255');
    expect(await hint(3)).toBeUndefined();
  });

  it('distinguishes a signal from an exit code', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'a', signal: 'SEGV' } } });
    const error = await failureOf<CommandFailed>(exec(mock.opener, 'x'));
    expect(error).toMatchObject({ exitCode: null, signal: 'SIGSEGV', stdout: 'a' });
    expect(error.message).toMatch('was ended by SIGSEGV');
  });

  it('never treats an end without an exit status as success', async () => {
    await using mock = await startMock({
      exec: { x: { stdout: 'a' } },
      faults: { exec: { noExitStatus: true } },
    });
    const error = await failureOf<CommandFailed>(exec(mock.opener, 'x'));
    expect(error).toMatchObject({ code: 'SSH_COMMAND_FAILED', exitCode: null, signal: null, stdout: 'a' });
    expect(error.message).toMatch('the server did not say how');
    expect(error.hint).toMatch('without an exit status');
  });

  it('resolves anyway with reject: false', async () => {
    await using mock = await startMock({ exec: { x: { exitCode: 3 }, y: { signal: 'TERM' } } });
    expect(await exec(mock.opener, 'x', { reject: false })).toMatchObject({ exitCode: 3, signal: null });
    expect(await exec(mock.opener, 'y', { reject: false })).toMatchObject({
      exitCode: null,
      signal: 'SIGTERM',
    });
  });

  it('reports that the server refused to run it', async () => {
    await using mock = await startMock({ faults: { exec: { refuse: true } } });
    const error = await failureOf<Error>(exec(mock.opener, 'x'));
    expect(error).toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED', phase: 'channel' });
    expect(error.message).toContain('refused a session for a command');
    expect(error).not.toHaveProperty('started');
    await mock.idle();
  });

  it.each([
    ['plainly', {}],
    ['in a terminal', { pty: true }],
  ])(
    'does not say that it was refused if the server closed the session without an answer, %s',
    async (_how, options) => {
      await using mock = await startMock({ maxSessions: 1, faults: { exec: { closeUnanswered: true } } });
      for (let n = 0; n < 3; n++) {
        const error = await failureOf<ChannelOpenFailed>(exec(mock.opener, 'x', options));
        expect(error).toBeInstanceOf(ChannelOpenFailed);
        expect(error).toMatchObject({ started: 'unknown', retryable: false, phase: 'channel' });
        expect(error.message).toMatch(
          /^127\.0\.0\.1:\d+ closed the channel in place of an answer to the request for a session for a command$/,
        );
        expect(error.hint).toContain('it may have been started');
      }
      await mock.idle();
    },
  );
});

describe('invalid arguments', () => {
  it('throw synchronously, naming the option, and send nothing', async () => {
    await using mock = await startMock();
    const bad = (options: object) => () => exec(mock.opener, 'x', options as never);
    const wrong: Array<[string, () => unknown]> = [
      ['timeout', bad({ timeout: -1 })],
      ['timeout', bad({ timeout: '5' })],
      ['maxBuffer', bad({ maxBuffer: 1.5 })],
      ['encoding', bad({ encoding: 'klingon' })],
      ['shell', bad({ shell: 'fish' })],
      ['stdin', bad({ stdin: 5 })],
      ['signal', bad({ signal: {} })],
      ['onStdout', bad({ onStdout: 'x' })],
      ['reject', bad({ reject: 'no' })],
      ['pty.cols', bad({ pty: { cols: 0 } })],
      ['stdOut', bad({ stdOut: 1 })],
      ['cwd', bad({ cwd: '/x', shell: 'raw' })],
      ['command', () => exec(mock.opener, '')],
    ];
    for (const [name, call] of wrong) expect(call, name).toThrow(name);
    expect(commandsSeen(mock.server)).toEqual([]);
    expect(mock.opener.slots.open).toBe(0);
  });
});
