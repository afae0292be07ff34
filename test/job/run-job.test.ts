import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import type { TextRunJobOptions } from '../../src/job/run-types.ts';
import type { MockServer } from '../../src/mock-server/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { runJob } from '../../src/run-job.ts';
import { optionsFor } from '../support/connect.ts';
import { type CutRelay, startCutRelay } from '../support/cut-relay.ts';
import { killGroup, type LocalAccount, localAccount } from '../support/local-job-host.ts';

/** Real connections through a relay that can be cut, to a server that runs the real scripts in the real sh. */
describe('runJob', () => {
  let account: LocalAccount;
  let server: MockServer;
  let relay: CutRelay;
  beforeEach(async () => {
    account = await localAccount();
    server = await startMockServer({ jobs: false, exec: account.handler });
    relay = await startCutRelay(server);
  });
  afterEach(async () => {
    await relay[Symbol.asyncDispose]();
    await server.close();
    await account[Symbol.asyncDispose]();
  });

  const options = (changes: Partial<ConnectOptions> = {}) =>
    optionsFor(server, {
      ...{ host: relay.host, port: relay.port, retry: { attempts: 5, minDelay: 20, maxDelay: 100 } },
      ...changes,
    });
  const run = (command: string | string[], changes: Partial<TextRunJobOptions> = {}) =>
    runJob(options(), command, { id: 'job', pollInterval: 250, ...changes });
  const timesRun = async () => (await readFile(join(account.home, 'ran'), 'utf8')).split('\n').length - 1;
  const output = (name: string) =>
    vi.waitFor(
      async () => {
        const text = await readFile(join(account.home, name), 'utf8');
        if (text === '') throw new Error(`${name} is empty yet`);
        return text;
      },
      { timeout: 10_000 },
    );

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
    await vi.waitFor(() => expect(server.connections).toBe(0));
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

  it('tells the signal that ended the command', async () => {
    await expect(run('kill -TERM $$')).rejects.toMatchObject({
      name: 'CommandFailed',
      exitCode: null,
      signal: 'SIGTERM',
    });
  });

  it('delivers all output once, in order, over a link that is cut again and again', async () => {
    const seen: string[] = [];
    const job = run(
      'echo ran >>ran; i=0; while [ $i -lt 60 ]; do echo "line $i"; echo "e $i" >&2; i=$((i+1)); sleep 0.05; done',
      {
        onOutput: (text) => void seen.push(text),
      },
    );
    for (let cuts = 0; cuts < 8; cuts++) {
      const before = seen.length;
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(before), { timeout: 10_000, interval: 5 });
      relay.cut();
    }
    const { stdout, stderr } = await job;
    const expected = Array.from({ length: 60 }, (_, index) => `line ${index}\n`).join('');
    expect(stdout).toBe(expected);
    expect(seen.join('')).toBe(expected);
    expect(stderr).toBe(expected.replaceAll('line', 'e'));
    expect(await timesRun()).toBe(1);
    expect(relay.taken).toBeGreaterThan(8);
  }, 60_000);

  it('starts once and loses nothing, whichever byte of the start the link dies at', async () => {
    await run('true', { id: 'measure' });
    const whole = Math.max(...relay.sent);
    let tried = 0;
    for (let bytes = 1_200; bytes < whole; bytes += 509, tried++) {
      relay.cutAfter(bytes);
      const heal = setTimeout(() => relay.cutAfter(undefined), 60);
      const { stdout } = await run(`echo ran >>ran-${tried}; echo done`, { id: `cut-${tried}` });
      clearTimeout(heal);
      expect(stdout).toBe('done\n');
      expect(await readFile(join(account.home, `ran-${tried}`), 'utf8'), `cut after ${bytes}`).toBe('ran\n');
    }
    expect(tried).toBeGreaterThan(10);
  }, 60_000);

  it('gives the result to every caller with the id, at the same time and later', async () => {
    const command = 'echo ran >>ran; sleep 0.4; echo result; exit 7';
    const outcome = { exitCode: 7, stdout: 'result\n' };
    const calls = await Promise.all([1, 2, 3].map(() => run(command, { reject: false })));
    for (const call of calls) expect(call).toMatchObject(outcome);
    expect(await run(command, { reject: false })).toMatchObject(outcome);
    expect(await timesRun()).toBe(1);
  });

  it('gives a worker that starts over the whole output again', async () => {
    const stop = new AbortController();
    const command = 'echo ran >>ran; echo one; sleep 0.6; echo two';
    const first = run(command, { signal: stop.signal, onOutput: () => stop.abort(new Error('worker died')) });
    await expect(first).rejects.toThrow('worker died');
    const seen: string[] = [];
    expect((await run(command, { onOutput: (text) => void seen.push(text) })).stdout).toBe('one\ntwo\n');
    expect(seen.join('')).toBe('one\ntwo\n');
    expect(await timesRun()).toBe(1);
  });

  describe('when its signal aborts', () => {
    it('rejects at once with the reason and leaves the job alone', async () => {
      const stop = new AbortController();
      const job = run('echo ran >>ran; sleep 1; echo end >>end', { signal: stop.signal });
      await output('ran');
      const startedAt = performance.now();
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
      expect(performance.now() - startedAt).toBeLessThan(500);
      expect(await output('end')).toBe('end\n');
    });

    it('rejects at once while a callback takes its time', async () => {
      const stop = new AbortController();
      const job = run('echo x', {
        signal: stop.signal,
        onOutput: () => {
          stop.abort(new Error('enough'));
          return new Promise(() => {});
        },
      });
      await expect(job).rejects.toThrow('enough');
    });

    it('before anything has begun starts nothing', async () => {
      await expect(run('echo ran >>ran', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
        'no',
      );
      expect(relay.taken).toBe(0);
    });

    it('ends the job first with killOnAbort', async () => {
      const stop = new AbortController();
      const job = run('echo $$ >pid; sleep 300', { signal: stop.signal, killOnAbort: true });
      await output('pid');
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
      expect(await account.read('job', 'exit')).toMatch(/^143 \d+ TERM end/);
    });

    it('ends the job over a new connection when the old one is gone', async () => {
      const stop = new AbortController();
      const job = run('echo $$ >pid; sleep 300', { signal: stop.signal, killOnAbort: true });
      await output('pid');
      relay.cut();
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
      expect(await account.read('job', 'exit')).toMatch(/^143 \d+ TERM end/);
    });
  });

  it('gives up with the error of the connect when the server does not come back; the job runs on', async () => {
    const job = run('echo ran >>ran; sleep 1; echo end >>end');
    const refused = expect(job).rejects.toMatchObject({ name: 'ConnectionRefused', attempts: { length: 5 } });
    await output('ran');
    await relay[Symbol.asyncDispose]();
    await refused;
    relay = await startCutRelay(server);
    expect(await output('end')).toBe('end\n');
    expect((await run('echo ran >>ran; sleep 1; echo end >>end')).exitCode).toBe(0);
    expect(await timesRun()).toBe(1);
  });

  it('does not knock again when the login is refused', async () => {
    const job = runJob(options({ privateKey: undefined as never, password: 'wrong' }), 'true', { id: 'job' });
    await expect(job).rejects.toMatchObject({ name: 'AuthenticationFailed' });
    expect(relay.taken).toBe(1);
  });

  it('gives up on a server that takes connections and never answers a command', async () => {
    server.setFaults({ exec: { closeEarly: true } });
    const job = runJob(options({ retry: false }), 'true', { id: 'job' });
    await expect(job).rejects.toMatchObject({ name: 'JobAccessFailed', retryable: true });
    expect(relay.taken).toBe(4);
  }, 30_000);

  it('rejects with JobLost when the job is gone, and does not start it again', async () => {
    const command = 'echo ran >>ran; echo out; sleep 300';
    const job = run(command);
    const lost = expect(job).rejects.toMatchObject({
      name: 'JobLost',
      code: 'SSH_JOB_LOST',
      id: 'job',
      host: '127.0.0.1',
      reason: expect.stringContaining('left no exit code'),
    });
    await output('ran');
    killGroup(Number((await account.claim('job'))[1]));
    await lost;
    await expect(run(command)).rejects.toMatchObject({ name: 'JobLost' });
    expect(await timesRun()).toBe(1);
  });

  it('refuses another command under the same id', async () => {
    await run('echo one');
    await expect(run('echo two')).rejects.toMatchObject({ name: 'JobConflict' });
  });

  it.each([
    ['kept by default', undefined, 0, 1],
    ['kept when asked', true, 1, 1],
    ['forgotten when asked', false, 0, 2],
    ['kept after a success', 'succeeded', 0, 1],
    ['forgotten after a failure', 'succeeded', 1, 2],
  ] as const)('is %s (keep: %s, exit code %i)', async (_, keep, exitCode, times) => {
    const command = `echo ran >>ran; exit ${exitCode}`;
    for (let call = 0; call < 2; call++) {
      await run(command, { reject: false, ...(keep === undefined ? {} : { keep }) });
    }
    expect(await timesRun()).toBe(times);
  });

  it('rejects with what a callback throws, and lets the job run on', async () => {
    const mine = new ConnectionLost('of another connection', { phase: 'command', why: 'socket' });
    const job = run('echo x; sleep 0.5; echo end >>end', {
      onOutput: () => {
        throw mine;
      },
    });
    await expect(job).rejects.toBe(mine);
    expect(relay.taken).toBe(1);
    expect(await output('end')).toBe('end\n');
  });

  it('keeps as much output as maxBuffer says and hands on all of it', async () => {
    const seen: string[] = [];
    const result = await run('printf 1234567890; printf abc >&2', {
      maxBuffer: 4,
      onOutput: (text) => void seen.push(text),
    });
    expect(result).toMatchObject({ stdout: '1234', stderr: 'abc', truncated: true });
    expect(seen.join('')).toBe('1234567890');
  });

  it('decodes as told, or not at all', async () => {
    const bytes = "printf '\\260\\241\\263\\252'";
    expect((await run(bytes, { encoding: 'cp949' })).stdout).toBe('가나');
    const raw = await runJob(options(), bytes, { id: 'job', encoding: 'buffer' });
    expect(raw.stdout).toEqual(Buffer.from('b0a1b3aa', 'hex'));
  });

  it('follows much output without keeping the link waiting', async () => {
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
    expect((await stat(join(account.jobs, 'job', 'stdout'))).size).toBe(size);
  });

  it.each([
    [{ id: '../x' }, /option id/],
    [{ pollInterval: 0 }, /option pollInterval/],
    [{ keep: 'failed' }, /option keep/],
    [{ maxBuffer: -1 }, /option maxBuffer/],
    [{ reject: 'no' }, /option reject/],
    [{ killOnAbort: 1 }, /option killOnAbort/],
    [{ onOutput: 'x' }, /option onOutput/],
    [{ encoding: 'klingon' }, /encoding/],
    [{ dir: '' }, /option dir/],
    [{ onStdout: () => {} }, /option onStdout: there is no such option/],
    [{ signal: {} }, /option signal/],
    [{ shell: 'fish' }, /shell/],
    [{ shell: 'posix', cwd: '' }, /cwd/],
  ])('refuses %j before it connects', async (wrong, message) => {
    await expect(run('true', wrong as object)).rejects.toThrow(message);
    expect(relay.taken).toBe(0);
  });

  it('refuses a desktop on a server that is not Windows', async () => {
    await expect(run('true', { interactive: true })).rejects.toThrow(/option interactive.*not Windows/);
  });
});
