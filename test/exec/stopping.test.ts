import { describe, expect, it, vi } from 'vitest';
import type { CommandFailed, CommandTimeout, OutputLimitExceeded } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { stopCommand } from '../../src/exec/stop/stop.ts';
import { killScript } from '../../src/exec/stop/stop-windows.ts';
import { type ExecHandler, startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import {
  commandsSeen,
  failureOf,
  ignoresTerm,
  runsForEver,
  runsUntilKilled,
  started,
  startMock,
} from './mock.ts';

type Mock = Awaited<ReturnType<typeof startMock>>;

const signalsSeen = ({ server }: Mock) =>
  server.journal.flatMap((entry) => (entry.type === 'signal' ? [entry.signal] : []));

describe('a timeout', () => {
  it('stops the command and rejects with its output and terminated: true', async () => {
    await using mock = await startMock(runsUntilKilled);
    const error = await failureOf<CommandTimeout>(exec(mock.opener, 'x', { timeout: 50 }));
    expect(error).toMatchObject({
      code: 'SSH_COMMAND_TIMEOUT',
      timeoutMs: 50,
      command: 'x',
      stdout: 'at work\n',
      terminated: true,
    });
    expect(error.message).toMatch('ran longer than 50 ms (option timeout) and its process was stopped');
    expect(error.hint).toContain('Its background processes');
    expect(error.stack).toContain('stopping.test.ts');
    expect(signalsSeen(mock)).toEqual(['TERM']);
    await mock.idle();
  });

  it('kills a command that ignores TERM', async () => {
    await using mock = await startMock(ignoresTerm);
    const error = await failureOf<CommandTimeout>(exec(mock.opener, 'x', { timeout: 20 }));
    expect(error.terminated).toBe(true);
    expect(signalsSeen(mock)).toEqual(['TERM', 'KILL']);
  });

  it('counts from the start of the command, not from the call of exec', async () => {
    await using mock = await startMock({ maxSessions: 1, exec: { a: { delayMs: 300 }, b: {} } });
    const [, b] = await Promise.all([exec(mock.opener, 'a'), exec(mock.opener, 'b', { timeout: 250 })]);
    expect(b.exitCode).toBe(0);
  });

  it('does not claim an end that the server did not report', async () => {
    await using mock = await startMock({ ident: 'Strange_1.0', exec: runsForEver });
    const error = await failureOf<CommandTimeout>(exec(mock.opener, 'x', { timeout: 20 }));
    expect(error.terminated).toBe('unknown');
    expect(error.hint).toBeDefined();
  });

  it('accepts an exit code that arrives during the close, before the end of the output', async () => {
    const channel = {
      isExitKnown: false,
      signal() {},
      close() {
        channel.isExitKnown = true;
      },
    };
    const target = { channel, opener: {}, ended: new Promise(() => {}), first: 'KILL', isWindows: false };
    expect(await stopCommand(target as unknown as Parameters<typeof stopCommand>[0])).toBe(true);
  });

  it('settles if the connection freezes while the command is being stopped', async () => {
    await using mock = await startMock(runsForEver);
    const { command } = await started(mock, { timeout: 50 });
    mock.server.dropAll('freeze');
    expect((await failureOf<CommandTimeout>(command)).terminated).toBe('unknown');
  });
});

describe('an abort', () => {
  it('rejects with the reason at once and stops the command in the background', async () => {
    await using mock = await startMock(ignoresTerm);
    const abort = new AbortController();
    const command = failureOf((await started(mock, { signal: abort.signal })).command);
    const before = performance.now();
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await command).toBe(reason);
    expect(performance.now() - before).toBeLessThan(500);
    await mock.server.waitFor((entry) => entry.type === 'signal' && entry.signal === 'KILL');
    await mock.idle();
  });

  it('before the call rejects without sending anything', async () => {
    await using mock = await startMock();
    const reason = new Error('too late');
    expect(await failureOf(exec(mock.opener, 'x', { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(commandsSeen(mock.server)).toEqual([]);
  });

  it('removes a queued command from the queue: it is never started', async () => {
    await using mock = await startMock({ maxSessions: 1, exec: { a: { delayMs: 200 }, c: {} } });
    const abort = new AbortController();
    const a = exec(mock.opener, 'a');
    const b = failureOf(exec(mock.opener, 'b', { signal: abort.signal }));
    const c = exec(mock.opener, 'c');
    await mock.server.waitFor('exec');
    abort.abort();
    expect(await b).toBe(abort.signal.reason);
    await Promise.all([a, c]);
    expect(commandsSeen(mock.server)).toEqual(['a', 'c']);
    await mock.idle();
  });

  it('while the session is being opened ends the command if it starts anyway', async () => {
    await using mock = await startMock({ exec: runsUntilKilled, faults: { latencyMs: 100 } });
    const abort = new AbortController();
    const command = failureOf(exec(mock.opener, 'x', { signal: abort.signal }));
    await vi.waitFor(() => expect(mock.opener.slots.open).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort();
    expect(await command).toBe(abort.signal.reason);
    await mock.server.waitFor('exec');
    await mock.server.waitFor((entry) => entry.type === 'signal' && entry.signal === 'KILL');
    await mock.idle();
  });

  it('works for many commands with one signal, without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    await using mock = await startMock(runsUntilKilled);
    const abort = new AbortController();
    const all = Array.from({ length: 50 }, () => failureOf(exec(mock.opener, 'x', { signal: abort.signal })));
    await mock.server.waitFor('exec');
    abort.abort();
    expect(new Set(await Promise.all(all))).toEqual(new Set([abort.signal.reason]));
    await mock.idle();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('kill', () => {
  it('ends the command, which rejects with terminated', async () => {
    await using mock = await startMock(runsUntilKilled);
    const { command } = await started(mock);
    expect(command.kill()).toBe(true);
    const error = await failureOf<CommandFailed>(command);
    expect(error).toMatchObject({ signal: 'SIGTERM', exitCode: null, terminated: true, stdout: 'at work\n' });
    expect(command.kill()).toBe(false);
  });

  it('sends any other signal and does nothing more', async () => {
    await using mock = await startMock((context) => {
      context.onSignal(() => context.exit(0));
      runsForEver(context);
    });
    const { command } = await started(mock);
    expect(command.kill('SIGUSR1')).toBe(true);
    expect((await command).exitCode).toBe(0);
    expect(signalsSeen(mock)).toEqual(['USR1']);
  });

  it('throws for a signal that SSH does not define', async () => {
    await using mock = await startMock();
    const command = exec(mock.opener, 'true');
    expect(() => command.kill('SIGWINCH')).toThrow(TypeError);
    await command;
  });

  it('prevents a queued command from starting', async () => {
    await using mock = await startMock({ maxSessions: 1, exec: { a: { delayMs: 100 } } });
    const a = exec(mock.opener, 'a');
    const b = exec(mock.opener, 'b');
    b.kill();
    const error = await failureOf<CommandFailed>(b);
    expect(error.message).toMatch('killed before the server had confirmed its start');
    await a;
    expect(commandsSeen(mock.server)).toEqual(['a']);
  });

  it("settles with terminated: 'unknown' if no end is seen", async () => {
    await using mock = await startMock({ ident: 'Strange_1.0', exec: runsForEver });
    const { command } = await started(mock);
    command.kill('SIGKILL');
    const error = await failureOf<CommandFailed>(command);
    expect(error).toMatchObject({ exitCode: null, signal: null, terminated: 'unknown' });
  });

  it('is called at the end of the scope by `await using`', async () => {
    await using mock = await startMock(runsUntilKilled);
    {
      await using command = exec(mock.opener, 'x');
      for await (const line of command) {
        expect(line).toBe('at work');
        break;
      }
    }
    expect(signalsSeen(mock)).toEqual(['TERM']);
    await mock.idle();
  });
});

describe('the output limit', () => {
  it('stops the command and rejects with what was kept', async () => {
    await using mock = await startMock({ faults: { exec: { unlimitedOutput: true } } });
    const error = await failureOf<OutputLimitExceeded>(exec(mock.opener, 'yes', { maxBuffer: 1000 }));
    expect(error).toMatchObject({
      code: 'SSH_OUTPUT_LIMIT_EXCEEDED',
      stream: 'stdout',
      maxBuffer: 1000,
      terminated: true,
    });
    expect(error.stdout).toHaveLength(1000);
    expect(error.message).toMatch('more than 1000 bytes to stdout (option maxBuffer)');
    await mock.idle();
  });

  it('allows exactly as much output', async () => {
    await using mock = await startMock({
      exec: { x: { stdout: 'a'.repeat(1000), stderr: 'b'.repeat(1000) } },
    });
    const result = await exec(mock.opener, 'x', { maxBuffer: 1000 });
    expect(result).toMatchObject({ stdout: 'a'.repeat(1000), truncated: false });
  });

  it('of 0 keeps nothing and sets no limit', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'a'.repeat(100_000) } } });
    expect(await exec(mock.opener, 'x', { maxBuffer: 0 })).toMatchObject({ stdout: '', truncated: true });
  });
});

describe("the caller's own failure", () => {
  it.each(['onStdout', 'onStderr'])(
    'in %s rejects the command with it and stops the command',
    async (name) => {
      await using mock = await startMock((context) => {
        runsUntilKilled(context);
        context.stderr.write('oh');
      });
      const failure = new Error('in the callback');
      const callback = () => {
        throw failure;
      };
      expect(await failureOf(exec(mock.opener, 'x', { [name]: callback }))).toBe(failure);
      await mock.server.waitFor('signal');
      await mock.idle();
    },
  );

  it('may be a rejected promise', async () => {
    await using mock = await startMock(runsUntilKilled);
    const failure = new Error('in the callback');
    expect(await failureOf(exec(mock.opener, 'x', { onStdout: () => Promise.reject(failure) }))).toBe(
      failure,
    );
    await mock.idle();
  });
});

describe('on OpenSSH for Windows', () => {
  it('a command is ended by a script in a second session', async () => {
    let ended = () => {};
    let sent = '';
    const inputEnded = vi.fn();
    const killer: ExecHandler = (context) => {
      if (!context.command.startsWith('powershell ')) {
        ended = () => context.exit(1);
        context.stdin.resume();
        return undefined;
      }
      context.stdin.on('end', inputEnded);
      // Too long for a command line: it comes by stdin, in base64, and behind it which one is meant.
      context.stdin.on('data', (chunk: Buffer) => {
        sent += chunk;
        if (sent.endsWith('\n')) {
          ended();
          context.exit(0);
        }
      });
      return undefined;
    };
    await using mock = await startMock({ windows: true, exec: killer });
    const began = performance.now();
    const error = await failureOf<CommandTimeout>(exec(mock.opener, 'robot.exe "a b"', { timeout: 20 }));
    const tookMs = performance.now() - began;
    expect(error.terminated).toBe(true);
    const [script = '', place] = [/^[\w+/=]*(?<==|\w)(?=\d+ )/, /\d+ -?\d+:-?\d+:end\r\n$/].map(
      (pattern) => pattern.exec(sent)?.[0],
    );
    const text = Buffer.from(script, 'base64').toString();
    expect(text).toContain('Stop-Tree $target $all');
    expect(text).toContain('robot.exe');
    expect(place).toMatch(/^0 /);
    // The command was started so many milliseconds before the script: at least and at most.
    const [, least, most] = (/(-?\d+):(-?\d+):end/.exec(place ?? '') ?? []).map(Number);
    expect(least).toBeGreaterThanOrEqual(19);
    expect(most).toBeGreaterThanOrEqual(Number(least));
    expect(most).toBeLessThanOrEqual(Math.ceil(tookMs));
    // A PowerShell that waits for more would stay on the PC.
    expect(inputEnded).toHaveBeenCalled();
    await mock.idle();
  });

  it('a command is ended even while its connection is being closed', async () => {
    await using server = await startMockServer({
      windows: true,
      exec: (context) => {
        if (context.command.startsWith('powershell ')) return 0;
        return runsForEver(context);
      },
    });
    const connection = await connectTo(server);
    const stop = new AbortController();
    const command = connection.exec('robot.exe', { signal: stop.signal }).catch((error: unknown) => error);
    await server.waitFor('exec');
    stop.abort(new Error('enough'));
    await connection.close();
    expect(await command).toMatchObject({ message: 'enough' });
    expect(server.journal).toContainEqual(
      expect.objectContaining({ type: 'exec', command: expect.stringMatching(/^powershell /) }),
    );
  });

  it('a command that is not found has terminated: unknown', async () => {
    await using mock = await startMock({
      windows: true,
      exec: (context) => (context.command.startsWith('powershell ') ? 4 : runsForEver(context)),
    });
    const error = await failureOf<CommandTimeout>(exec(mock.opener, 'robot.exe', { timeout: 20 }));
    expect(error.terminated).toBe('unknown');
    expect(error.hint).toContain('if several have the same one, none is stopped');
  });

  it('compares command lines without quotes and blanks', () => {
    expect(killScript(`it's "x"`)).toMatch(/^\$line='it''s "x"'\n/);
  });
});
