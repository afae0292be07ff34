import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { jobStatus } from '../../src/job-status.ts';
import { runJob } from '../../src/run-job.ts';
import { killGroup } from '../support/local-job-host.ts';
import { isPosix } from '../support/mock-sftp.ts';
import { jobServer } from './job-server.ts';

describe('runJob that ends before its job', () => {
  const world = jobServer();
  const { options, run, timesRun, written } = world;

  describe('on an abort', () => {
    it('rejects at once with the reason and leaves the job running', async () => {
      const stop = new AbortController();
      const job = run('echo ran >>ran; sleep 1; echo end >>end', { signal: stop.signal });
      await written('ran');
      const startedAt = performance.now();
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
      expect(performance.now() - startedAt).toBeLessThan(500);
      expect(await written('end')).toBe('end\n');
    });

    it('rejects at once even while a callback is pending', async () => {
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

    it('starts nothing if aborted beforehand', async () => {
      await expect(run('echo ran >>ran', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
        'no',
      );
      expect(world.relay.taken).toBe(0);
    });

    it('ends the job first with killOnAbort', async () => {
      const stop = new AbortController();
      const job = run('echo $$ >pid; sleep 300', { signal: stop.signal, killOnAbort: true });
      await written('pid');
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
      expect(await jobStatus(options(), 'job')).toMatchObject({ state: 'killed' });
      if (isPosix) expect(await world.account.read('job', 'exit')).toMatch(/^143 \d+ TERM end/);
    });

    it('ends the job over a new connection if the old one is lost', async () => {
      const stop = new AbortController();
      const job = run('echo $$ >pid; sleep 300', { signal: stop.signal, killOnAbort: true });
      await written('pid');
      world.relay.cut();
      stop.abort(new Error('enough'));
      await expect(job).rejects.toThrow('enough');
      expect(await jobStatus(options(), 'job')).toMatchObject({ state: 'killed' });
      if (isPosix) expect(await world.account.read('job', 'exit')).toMatch(/^143 \d+ TERM end/);
    });
  });

  it('gives up with the connect error if the server does not come back; the job keeps running', async () => {
    const job = run('echo ran >>ran; sleep 1; echo end >>end');
    const refused = expect(job).rejects.toMatchObject({ name: 'ConnectionRefused', attempts: { length: 5 } });
    await written('ran');
    await world.relay[Symbol.asyncDispose]();
    await refused;
    await world.renewRelay();
    expect(await written('end')).toBe('end\n');
    expect((await run('echo ran >>ran; sleep 1; echo end >>end')).exitCode).toBe(0);
    expect(await timesRun()).toBe(1);
  });

  it('says why the server cannot be reached at the time limit', async () => {
    const retry = { attempts: Number.POSITIVE_INFINITY, minDelay: 20, maxDelay: 100, onRetry: vi.fn() };
    const job = runJob(options({ retry }), 'echo ran >>ran; sleep 1', {
      id: 'job',
      shell: 'posix',
      timeout: 500,
    });
    const failed = expect(job).rejects.toMatchObject({
      name: 'CommandTimeout',
      terminated: 'unknown',
      cause: { name: 'ConnectionRefused' },
    });
    await written('ran');
    await world.relay[Symbol.asyncDispose]();
    await failed;
    expect(retry.onRetry).toHaveBeenCalled();
    await world.renewRelay();
  }, 30_000);

  it('does not connect again if authentication fails', async () => {
    const job = runJob(options({ privateKey: undefined as never, password: 'wrong' }), 'true', { id: 'job' });
    await expect(job).rejects.toMatchObject({ name: 'AuthenticationFailed' });
    expect(world.relay.taken).toBe(1);
  });

  it('gives up on a server that accepts connections but never answers a command', async () => {
    world.server.setFaults({ exec: { closeEarly: true } });
    const job = runJob(options(), 'true', { id: 'job' });
    await expect(job).rejects.toMatchObject({
      name: 'JobAccessFailed',
      retryable: true,
      attempts: { length: 5 },
    });
    expect(world.relay.taken).toBe(5);
  }, 30_000);

  it('gives up on connections that break one after another before they bring anything new', async () => {
    const retry = { attempts: 4, minDelay: 200, factor: 2, maxDelay: 1_000, jitter: 0 };
    const opened: number[] = [];
    let breaks = false;
    const log = ({ event }: { event: string }) => {
      if (!breaks || event !== 'connected') return;
      opened.push(Date.now());
      setImmediate(() => world.relay.cut());
    };
    const job = runJob(options({ retry, log }), 'echo first; sleep 300', {
      id: 'job',
      shell: 'posix',
      onOutput: () => {
        breaks = true;
        world.relay.cut();
      },
    });
    await expect(job).rejects.toMatchObject({
      name: 'ConnectionLost',
      message: expect.stringMatching(
        /^4 connections in a row to \S+ brought nothing new of job job; the last/,
      ),
      attempts: [{ wait: expect.any(Number) }, {}, {}, { wait: 0 }],
    });
    const gaps = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
    expect(gaps).toHaveLength(3);
    for (const [index, least] of [200, 400, 800].entries()) expect(gaps[index]).toBeGreaterThan(least - 50);
    expect(await jobStatus(options(), 'job')).toEqual({ state: 'running' });
    const connection = await connectViaGateway(options());
    await connection.job('job').kill();
    await connection.close();
  }, 30_000);

  it.runIf(isPosix)('rejects with JobLost if the job is gone, and does not start it again', async () => {
    const command = 'echo ran >>ran; echo out; sleep 300';
    const job = run(command);
    const lost = expect(job).rejects.toMatchObject({
      name: 'JobLost',
      code: 'SSH_JOB_LOST',
      id: 'job',
      host: '127.0.0.1',
      reason: expect.stringContaining('left no exit code'),
    });
    await written('ran');
    const claim = await world.account.claim('job');
    killGroup(Number(claim[1]));
    await lost;
    // Its folder is the only evidence of what became of it.
    await expect(run(command, { keep: false })).rejects.toMatchObject({ name: 'JobLost' });
    expect(await world.account.claim('job')).toHaveLength(claim.length);
    expect(await timesRun()).toBe(1);
  });

  describe('if another caller has fetched the result and removed the job', () => {
    const command = 'echo ran >>ran; echo out; sleep 0.5; echo done';
    const removed = {
      name: 'JobLost',
      message: expect.stringMatching(/^Job job on \S+ is no longer there: it was removed, most likely by/),
      hint: expect.stringContaining('do not start it again before you have looked'),
    };

    it('reports that, not a killed process', async () => {
      const onOutput = () => run(command, { keep: false });
      await expect(run(command, { onOutput: async () => void (await onOutput()) })).rejects.toMatchObject(
        removed,
      );
      expect(await timesRun()).toBe(1);
    });

    it('does not start it again over a new connection', async () => {
      const onOutput = async () => {
        await run(command, { keep: false });
        world.relay.cut();
      };
      await expect(run(command, { onOutput })).rejects.toMatchObject(removed);
      expect(await timesRun()).toBe(1);
    });
  });

  it('rejects another command under the same id', async () => {
    await run('echo one');
    await expect(run('echo two')).rejects.toMatchObject({ name: 'JobConflict' });
  });
});
