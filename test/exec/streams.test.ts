import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it, vi } from 'vitest';
import type { CommandFailed } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import type { ExecHandler } from '../../src/mock-server/index.ts';
import { failureOf, runsForEver, runsUntilKilled, started, startMock } from './mock.ts';

/** Writes `count` chunks as fast as the window allows, and counts those that were sent. */
function pours(count: number, chunk: Buffer, sent: { chunks: number }): ExecHandler {
  return async (context) => {
    context.stdin.resume();
    for (; sent.chunks < count; sent.chunks++) {
      if (context.stdout.write(chunk)) continue;
      await new Promise((resolve) => context.stdout.once('drain', resolve));
    }
    context.exit(0);
  };
}

async function read(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('stdout and stderr', () => {
  it('deliver the bytes as they arrive, and the result has them too', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'a\n', stderr: 'b\n' } } });
    const command = exec(mock.opener, 'x');
    expect(await Promise.all([read(command.stdout), read(command.stderr)])).toEqual(['a\n', 'b\n']);
    expect(await command).toMatchObject({ stdout: 'a\n', stderr: 'b\n' });
    await mock.idle();
  });

  it('start with what was collected before they were accessed', async () => {
    await using mock = await startMock(runsUntilKilled);
    const { command } = await started(mock);
    const { stdout } = command;
    stdout.once('data', () => command.kill());
    expect(await read(stdout)).toBe('at work\n');
    await failureOf(command);
    expect(await read(command.stderr)).toBe('');
  });

  it('may be read alone: the other is collected and blocks nothing', async () => {
    const much = Buffer.alloc(6 << 20, 'e');
    await using mock = await startMock((context) => {
      context.stderr.write(much, () => {
        context.stdout.write('done');
        context.exit(0);
      });
    });
    const command = exec(mock.opener, 'x');
    expect(await read(command.stdout)).toBe('done');
    expect((await command).stderr).toHaveLength(much.length);
  });

  it('slow down the sender if they are read slowly', async () => {
    const sent = { chunks: 0 };
    const chunk = Buffer.alloc(1 << 20, 'x');
    await using mock = await startMock(pours(40, chunk, sent));
    const command = exec(mock.opener, 'x', { maxBuffer: 0 });
    const { stdout } = command;
    await mock.server.waitFor('exec');
    // Windows and buffers of both sides fill up, and then nothing moves.
    await vi.waitFor(() => expect(sent.chunks).toBeGreaterThan(2));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent.chunks).toBeLessThan(15);
    expect((await read(stdout)).length).toBe(40 << 20);
    expect(await command).toMatchObject({ exitCode: 0, truncated: true, stdout: '' });
    await mock.idle();
  });

  it('continue without a reader that was destroyed early', async () => {
    const sent = { chunks: 0 };
    await using mock = await startMock(pours(20, Buffer.alloc(1 << 20), sent));
    const command = exec(mock.opener, 'x', { maxBuffer: 0 });
    command.stdout.once('data', () => command.stdout.destroy());
    expect((await command).exitCode).toBe(0);
    expect(sent.chunks).toBe(20);
  });

  it('do not delay the end of a command that is killed', async () => {
    await using mock = await startMock({ faults: { exec: { unlimitedOutput: true } } });
    const command = exec(mock.opener, 'yes', { maxBuffer: 0 });
    const { stdout } = command;
    await new Promise((resolve) => stdout.once('readable', resolve));
    // Until all buffers are full.
    await new Promise((resolve) => setTimeout(resolve, 300));
    command.kill();
    const error = await failureOf<CommandFailed>(command);
    expect(error.terminated).toBe(true);
    // It missed a part, so it must not look whole.
    expect(await failureOf(read(stdout))).toMatchObject({ code: 'SSH_COMMAND_FAILED' });
    await mock.idle();
  });

  it('end with an error on an abort', async () => {
    await using mock = await startMock(runsUntilKilled);
    const abort = new AbortController();
    const command = exec(mock.opener, 'x', { signal: abort.signal });
    command.stdout.once('data', () => abort.abort());
    expect(await failureOf(read(command.stdout))).toBe(abort.signal.reason);
    await mock.idle();
  });

  it('may have a listener that throws without harm to the connection', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'a' } } });
    const thrown = new Promise((resolve) => {
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of listeners) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const failure = new Error('in the listener');
    const command = exec(mock.opener, 'x');
    command.stdout.once('data', () => {
      throw failure;
    });
    expect(await thrown).toBe(failure);
    expect((await command).stdout).toBe('a');
    expect((await exec(mock.opener, 'true')).exitCode).toBe(0);
  });
});

describe('the lines', () => {
  it('arrive as the command writes them, and the loop throws what the command rejects with', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'a\r\nb\n\nc', exitCode: 2 } } });
    const lines: string[] = [];
    const loop = async () => {
      for await (const line of exec(mock.opener, 'x')) lines.push(line);
    };
    expect(await failureOf(loop())).toMatchObject({ exitCode: 2 });
    expect(lines).toEqual(['a', 'b', '', 'c']);
  });

  it('can be left early: the command keeps running, and its result is available', async () => {
    await using mock = await startMock({ exec: { x: { stdout: 'a\n'.repeat(500_000) } } });
    const command = exec(mock.opener, 'x');
    for await (const line of command) {
      expect(line).toBe('a');
      break;
    }
    expect((await command).stdout).toHaveLength(1_000_000);
    await mock.idle();
  });
});

describe('stdin', () => {
  it('accessed at the call is for the caller to write and end', async () => {
    await using mock = await startMock();
    const command = exec(mock.opener, 'cat');
    command.stdin.write('a');
    command.stdin.end('b');
    expect((await command).stdout).toBe('ab');
  });

  it('accessed later has ended, and throws', async () => {
    await using mock = await startMock();
    const command = exec(mock.opener, 'cat');
    await command;
    expect(() => command.stdin).toThrow(TypeError);
    expect(() => command.stdin).toThrow(/access it in the same tick as the call, or use the option stdin/);
  });

  it('accepts a stream, with back-pressure', async () => {
    await using mock = await startMock();
    const source = Readable.from(chunks(100));
    const result = await exec(mock.opener, 'cat', { stdin: source, encoding: 'buffer' });
    expect(result.stdout.length).toBe(100 * 65_536);
    function* chunks(count: number) {
      for (let i = 0; i < count; i++) yield Buffer.alloc(65_536, i);
    }
  });

  it('that fails stops the command, which rejects with its error', async () => {
    await using mock = await startMock(runsUntilKilled);
    const failure = new Error('disk gone');
    const source = new PassThrough();
    const command = failureOf(exec(mock.opener, 'x', { stdin: source }));
    source.write('half');
    await mock.server.waitFor('exec');
    source.destroy(failure);
    expect(await command).toBe(failure);
    await mock.idle();
  });

  it('that fails while the command is queued prevents its start', async () => {
    await using mock = await startMock({ maxSessions: 1, exec: runsForEver });
    const { command: first } = await started(mock);
    first.catch(() => {});
    const failure = new Error('no such file');
    const source = new Readable({ read: () => source.destroy(failure) });
    expect(await failureOf(exec(mock.opener, 'y', { stdin: source }))).toBe(failure);
    expect(mock.opener.slots.waiting).toBe(0);
  });

  it('that fails after an abort has no effect', async () => {
    await using mock = await startMock();
    const source = new PassThrough();
    const signal = AbortSignal.abort(new Error('too late'));
    expect(await failureOf(exec(mock.opener, 'cat', { stdin: source, signal }))).toBe(signal.reason);
    await vi.waitFor(() => expect(source.destroyed).toBe(true));
  });

  it('ends if the command is killed or lost before its start', async () => {
    await using mock = await startMock({ maxSessions: 1, exec: runsForEver });
    const { command: first } = await started(mock);
    first.catch(() => {});
    const writes = ['kill', 'lose'].map(async (how) => {
      const command = exec(mock.opener, how);
      const writing = failureOf(pipeline(Readable.from([Buffer.alloc(1 << 20)]), command.stdin));
      if (how === 'kill') command.kill();
      return writing;
    });
    mock.server.dropAll('rst');
    expect(await Promise.all(writes)).toMatchObject([
      { code: 'SSH_COMMAND_FAILED' },
      { code: 'SSH_CONNECTION_LOST' },
    ]);
  });

  it('that the command does not read is destroyed, without a failure', async () => {
    await using mock = await startMock({ exec: { x: {} } });
    const source = new Readable({ read: () => source.push(Buffer.alloc(1 << 20)) });
    expect((await exec(mock.opener, 'x', { stdin: source })).exitCode).toBe(0);
    await vi.waitFor(() => expect(source.destroyed).toBe(true));
  });

  it('fails with EPIPE for what the command did not read', async () => {
    await using mock = await startMock({ exec: { x: { delayMs: 100 } }, faults: { window: 'dropped' } });
    const command = exec(mock.opener, 'x');
    const source = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    expect(await failureOf(pipeline(source, command.stdin))).toMatchObject({ code: 'EPIPE' });
    expect((await command).exitCode).toBe(0);
  });
});

describe('a rejection without a handler', () => {
  const unhandled = async (use: (command: ReturnType<typeof exec>) => void) => {
    const seen: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => seen.push(reason));
    await using mock = await startMock({ exec: { x: { exitCode: 1 } } });
    use(exec(mock.opener, 'x'));
    await mock.server.waitFor('exit');
    await mock.idle();
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
    return seen.length;
  };

  it('is unhandled if nothing of the command was used', async () => {
    expect(await unhandled(() => {})).toBe(1);
  });

  it('is not unhandled if a stream, the lines or kill were used', async () => {
    expect(await unhandled((command) => command.stdout.resume())).toBe(0);
    expect(await unhandled((command) => command.stderr.resume())).toBe(0);
    expect(await unhandled((command) => command.stdin.end())).toBe(0);
    expect(await unhandled((command) => command.kill('SIGINT'))).toBe(0);
    expect(await unhandled((command) => command[Symbol.asyncIterator]())).toBe(0);
  });
});
