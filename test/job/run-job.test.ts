import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { runJob } from '../../src/run-job.ts';
import { isPosix } from '../support/mock-sftp.ts';
import { jobServer } from './job-server.ts';

describe('runJob', () => {
  const world = jobServer();
  const { options, run, timesRun, written } = world;

  it('connects, runs the job to its end, and resolves as exec does', async () => {
    const result = await run(['printf', '%s|', 'a b', "it's"]);
    expect(result).toEqual({
      command: "printf '%s|' 'a b' 'it'\\''s'",
      exitCode: 0,
      signal: null,
      stdout: "a b|it's|",
      stderr: '',
      durationMs: expect.any(Number),
      truncated: false,
    });
    await vi.waitFor(() => expect(world.server.connections).toBe(0));
  });

  it('rejects with the exit code and the output of a command that failed', async () => {
    await expect(run('echo out; echo broken >&2; exit 3')).rejects.toMatchObject({
      name: 'CommandFailed',
      exitCode: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'broken\n',
      message: expect.stringMatching(/exited with code 3; stderr: broken$/),
    });
    const again = await run('echo out; echo broken >&2; exit 3', { reject: false });
    expect(again).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'broken\n' });
  });

  it('passes each stream to its own callback', async () => {
    const seen: string[] = [];
    await run('echo out; echo err >&2', {
      onOutput: (text) => void seen.push(`out: ${text}`),
      onErrorOutput: (text) => void seen.push(`err: ${text}`),
    });
    expect(seen.sort()).toEqual(['err: err\n', 'out: out\n']);
  });

  it('has closed its connection by the time it resolves', async () => {
    await run('true');
    expect(world.server.connections).toBe(0);
  });

  it.runIf(isPosix).each(['kill -TERM $$', 'exit 143'])(
    'reports the exit code of `%s`, and what it usually means',
    async (command) => {
      await expect(run(command)).rejects.toMatchObject({
        name: 'CommandFailed',
        exitCode: 143,
        signal: null,
        message: expect.stringContaining('exited with code 143'),
        hint: expect.stringContaining('usually means that SIGTERM ended the program'),
      });
    },
  );

  it('delivers all output once, in order, over a connection that is lost again and again', async () => {
    const seen: string[] = [];
    // It goes on until the last cut is over, however long a busy machine takes to connect again.
    const job = run(
      'echo ran >>ran; i=0; while [ ! -e enough ] && [ $i -lt 3000 ]; do echo "line $i"; echo "e $i" >&2; i=$((i+1)); sleep 0.02; done',
      {
        onOutput: (text) => void seen.push(text),
      },
    );
    for (let cuts = 0; cuts < 8; ) {
      const before = seen.length;
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(before), { timeout: 10_000, interval: 5 });
      // None, if what was seen had been on its way at the last cut and there is no new connection yet.
      cuts += world.relay.cut();
    }
    await writeFile(join(world.account.home, 'enough'), '');
    const { stdout, stderr } = await job;
    const lines = stdout.split('\n').length - 1;
    const expected = Array.from({ length: lines }, (_, index) => `line ${index}\n`).join('');
    expect(stdout).toBe(expected);
    expect(seen.join('')).toBe(expected);
    expect(stderr).toBe(expected.replaceAll('line', 'e'));
    expect(await timesRun()).toBe(1);
    expect(world.relay.taken).toBeGreaterThan(8);
  }, 60_000);

  it('starts once and loses nothing, at whichever byte of the start the connection is lost', async () => {
    await run('true', { id: 'measure' });
    const whole = Math.max(...world.relay.sent);
    let tried = 0;
    const step = isPosix ? 509 : 2_003;
    for (let bytes = 1_200; bytes < whole; bytes += step, tried++) {
      world.relay.cutAfter(bytes);
      const heal = setTimeout(() => world.relay.cutAfter(undefined), 60);
      const { stdout } = await run(`echo ran >>ran-${tried}; echo done`, { id: `cut-${tried}` });
      clearTimeout(heal);
      expect(stdout).toBe('done\n');
      expect(await readFile(join(world.account.home, `ran-${tried}`), 'utf8'), `cut after ${bytes}`).toBe(
        'ran\n',
      );
    }
    expect(tried).toBeGreaterThan(10);
  }, 60_000);

  it('gives the result to every caller with the id, simultaneously and later', async () => {
    const command = 'echo ran >>ran; sleep 0.4; echo result; exit 7';
    const outcome = { exitCode: 7, stdout: 'result\n' };
    const calls = await Promise.all([1, 2, 3].map(() => run(command, { reject: false })));
    for (const call of calls) expect(call).toMatchObject(outcome);
    expect(await run(command, { reject: false })).toMatchObject(outcome);
    expect(await timesRun()).toBe(1);
  });

  it('gives a restarted worker the whole output again', async () => {
    const stop = new AbortController();
    const command = 'echo ran >>ran; echo one; sleep 0.6; echo two';
    const first = run(command, { signal: stop.signal, onOutput: () => stop.abort(new Error('worker died')) });
    await expect(first).rejects.toThrow('worker died');
    const seen: string[] = [];
    expect((await run(command, { onOutput: (text) => void seen.push(text) })).stdout).toBe('one\ntwo\n');
    expect(seen.join('')).toBe('one\ntwo\n');
    expect(await timesRun()).toBe(1);
  });

  it('rejects with the error of a callback, and lets the job keep running', async () => {
    const mine = new ConnectionLost('of another connection', { phase: 'command', why: 'socket' });
    const job = run('echo x; sleep 0.5; echo end >>end', {
      onOutput: () => {
        throw mine;
      },
    });
    await expect(job).rejects.toBe(mine);
    expect(world.relay.taken).toBe(1);
    expect(await written('end')).toBe('end\n');
  });

  it('keeps output up to maxBuffer and passes on all of it', async () => {
    const seen: string[] = [];
    const result = await run('printf 1234567890; printf abc >&2', {
      maxBuffer: 4,
      onOutput: (text) => void seen.push(text),
    });
    expect(result).toMatchObject({ stdout: '1234', stderr: 'abc', truncated: true });
    expect(seen.join('')).toBe('1234567890');
  });

  it('decodes in the given encoding, or not at all', async () => {
    const bytes = "printf '\\260\\241\\263\\252'";
    expect((await run(bytes, { encoding: 'cp949' })).stdout).toBe('가나');
    const raw = await runJob(options(), bytes, { id: 'job', encoding: 'buffer', shell: 'posix' });
    expect(raw.stdout).toEqual(Buffer.from('b0a1b3aa', 'hex'));
  });

  it('follows much output without waiting between polls', async () => {
    const size = 6 * 1024 * 1024;
    let got = 0;
    const result = await run(`dd if=/dev/zero bs=65536 count=${size / 65_536} 2>/dev/null`, {
      maxBuffer: 0,
      onOutput: (text) => {
        got += text.length;
      },
    });
    expect(got).toBe(size);
    expect(result).toMatchObject({ stdout: '', truncated: true });
    if (isPosix) expect((await stat(join(world.account.jobs, 'job', 'stdout'))).size).toBe(size);
  });
});
