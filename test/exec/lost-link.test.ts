import { describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { exec } from '../../src/exec/exec.ts';
import { failureOf, runsForEver, started, startMock } from './mock.ts';

describe('a lost connection', () => {
  it.each(['fin', 'rst'] as const)(
    "(%s) rejects with the output so far and the connection's error as cause",
    async (how) => {
      await using mock = await startMock(runsForEver);
      const { command } = await started(mock);
      mock.server.dropAll(how);
      const error = await failureOf<ConnectionLost>(command);
      expect(error).toBeInstanceOf(ConnectionLost);
      expect(error).toMatchObject({
        command: 'x',
        stdout: 'at work\n',
        stderr: '',
        why: 'socket',
        phase: 'command',
        retryable: false,
        started: true,
        hint: expect.stringMatching(/may still be running.*Check before you run it again/),
      });
      expect(error.durationMs).toBeGreaterThan(0);
      expect(error.cause).toBe(mock.opener.lost.error);
      expect(error.stack).toContain('mock.ts');
      await mock.idle();
    },
  );

  it('rejects even with reject: false', async () => {
    await using mock = await startMock(runsForEver);
    const { command } = await started(mock, { reject: false });
    mock.server.dropAll('rst');
    expect(await failureOf(command)).toBeInstanceOf(ConnectionLost);
  });

  it('rejects commands that are queued, being opened, or run later', async () => {
    await using mock = await startMock({ maxSessions: 1, exec: runsForEver });
    const { command } = await started(mock);
    const waiting = exec(mock.opener, 'y');
    const all = Promise.allSettled([command, waiting]);
    mock.server.dropAll('fin');
    for (const { status, reason } of (await all) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toBeInstanceOf(ConnectionLost);
    }
    expect(await failureOf(exec(mock.opener, 'z'))).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      command: 'z',
    });
    await mock.idle();
  });

  it('after the exit status but before the end of the output is a failure', async () => {
    await using mock = await startMock((context) => {
      context.stdout.write('part');
      const channel = context.stdout as unknown as { exit(code: number): void };
      channel.exit(0);
    });
    const { command } = await started(mock);
    mock.server.dropAll('rst');
    expect(await failureOf(command)).toMatchObject({ code: 'SSH_CONNECTION_LOST', stdout: 'part' });
  });

  it('gives a reader everything that had arrived, then the error instead of an end', async () => {
    await using mock = await startMock((context) => {
      context.stdin.resume();
      context.stdout.write('one\ntwo\n');
    });
    const command = exec(mock.opener, 'x');
    const lines: string[] = [];
    const reading = failureOf(
      (async () => {
        for await (const line of command) {
          lines.push(line);
          if (lines.length > 1) continue;
          mock.server.dropAll('rst');
          await vi.waitFor(() => expect(mock.opener.lost.error).toBeDefined());
        }
      })(),
    );
    expect(await reading).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    expect(lines).toEqual(['one', 'two']);
  });

  it('settles writes that wait for the window', async () => {
    await using mock = await startMock({ exec: runsUnread, faults: { window: 'dropped' } });
    const command = exec(mock.opener, 'x', { stdin: Buffer.alloc(8 << 20) });
    command.catch(() => {});
    await mock.server.waitFor('exec');
    mock.server.dropAll('rst');
    expect(await failureOf(command)).toBeInstanceOf(ConnectionLost);
    await mock.idle();
  });
});

function runsUnread(): void {}
