import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { attachJob } from '../../src/job/attach-job.ts';
import { killGroup } from '../support/local-job-host.ts';
import { all, changeClaim, isRunning, localJobs, untilOver } from './support.ts';

describe('the end of a job on a POSIX server', () => {
  const local = localJobs();
  const { start } = local;

  describe('kill', () => {
    it('ends the job and its child processes', async () => {
      const job = await start('sleep 300 & echo $!; wait');
      const child = await vi.waitFor(async () => {
        const pid = Number(await local.account.read('job', 'stdout'));
        if (!pid) throw new Error('not yet');
        return pid;
      });
      expect(await job.kill()).toEqual({ state: 'killed', signal: 'SIGTERM' });
      expect(isRunning(child)).toBe(false);
      expect(await job.status()).toEqual({ state: 'killed', signal: 'SIGTERM' });
    });

    it('reports the exit code of a command that answers with one of its own', async () => {
      const job = await start('trap "exit 130" TERM; echo on; while :; do sleep 0.05; done');
      await vi.waitFor(async () => expect(String((await job.output()).stdout)).toBe('on\n'), {
        timeout: 10_000,
      });
      expect(await job.kill()).toEqual({ state: 'exited', exitCode: 130 });
    });

    it('sends SIGKILL to a command that ignores SIGTERM', async () => {
      const job = await start('trap "" TERM; echo ready; while :; do sleep 1; done');
      await vi.waitFor(async () => expect(await local.account.read('job', 'stdout')).toBe('ready\n'));
      const startedAt = Date.now();
      expect(await job.kill({ grace: 300 })).toEqual({ state: 'killed', signal: 'SIGKILL' });
      expect(Date.now() - startedAt).toBeLessThan(5_000);
      expect(isRunning(Number((await local.account.claim('job'))[1]))).toBe(false);
    });

    it('keeps the exit code of a command that cleans up', async () => {
      const job = await start('trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 0.1; done');
      await vi.waitFor(async () => expect(await local.account.read('job', 'stdout')).toBe('ready\n'));
      expect(await job.kill()).toEqual({ state: 'exited', exitCode: 7 });
      expect((await all(job)).stdout).toBe('ready\nbye\n');
    });

    it('does not change a job that has ended, and reports a missing job as lost', async () => {
      const job = await start('exit 4');
      await untilOver(job);
      expect(await job.kill()).toEqual({ state: 'exited', exitCode: 4 });
      expect(await attachJob(local.account.host, 'other').kill()).toMatchObject({ state: 'lost' });
    });
  });

  describe('lost', () => {
    const lost = { state: 'lost', reason: expect.stringContaining('left no exit code') };

    it('is a job whose wrapper was killed', async () => {
      const job = await start('sleep 300');
      killGroup(Number((await local.account.claim('job'))[1]));
      expect(await untilOver(job)).toEqual(lost);
    });

    it('is a job from before a restart of the server, even if its pid and start time match', async () => {
      const job = await start('sleep 300');
      await changeClaim(local.account, (fields) => fields.with(3, '00000000-0000-4000-8000-000000000000'));
      expect(await job.status()).toEqual(lost);
    });

    it('is a job whose pid now belongs to another process', async () => {
      const job = await start('sleep 300');
      await changeClaim(local.account, (fields) => fields.with(2, '12345'));
      expect(await job.status()).toEqual(lost);
    });

    it('is never started again under its id', async () => {
      await start('echo x >>ran; sleep 300');
      await vi.waitFor(() => stat(join(local.account.home, 'ran')));
      killGroup(Number((await local.account.claim('job'))[1]));
      const again = await start('echo x >>ran; sleep 300');
      expect(again.isNew).toBe(false);
      expect(await untilOver(again)).toEqual(lost);
      expect((await stat(join(local.account.home, 'ran'))).size).toBe(2);
    });

    it('ignores an exit file that is incomplete', async () => {
      const job = await start('sleep 300');
      killGroup(Number((await local.account.claim('job'))[1]));
      await untilOver(job);
      for (const text of ['', '0', '0 17000', '0 1700000000000 -', '0 1700000000000 - en']) {
        await writeFile(join(local.account.jobs, 'job', 'exit'), text);
        expect(await job.status(), JSON.stringify(text)).toEqual(lost);
      }
    });

    it('is a job that the server does not know', async () => {
      const job = attachJob(local.account.host, 'nobody');
      expect(await job.status()).toEqual({ state: 'lost', reason: 'there is no such job on the server' });
      await expect(job.output()).rejects.toMatchObject({ name: 'JobLost', id: 'nobody' });
    });
  });
});
