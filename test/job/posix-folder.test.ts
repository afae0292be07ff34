import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { attachJob } from '../../src/job/attach-job.ts';
import { listJobs, removeJobs } from '../../src/job/list-jobs.ts';
import { startJob } from '../../src/job/start-job.ts';
import { localAccount } from '../support/local-job-host.ts';
import { localJobs, untilOver } from './support.ts';

describe('the folder of a job on a POSIX server', () => {
  const local = localJobs();
  const { start } = local;

  describe('remove', () => {
    it('frees the id', async () => {
      await untilOver(await start('echo x >>ran'));
      await (await start('echo x >>ran')).remove();
      expect((await start('echo x >>ran')).isNew).toBe(true);
      await vi.waitFor(async () => expect((await stat(join(local.account.home, 'ran'))).size).toBe(4));
    });

    it('is refused while the job is running', async () => {
      const job = await start('sleep 300');
      await expect(job.remove()).rejects.toMatchObject({ name: 'JobAccessFailed', reason: /still runs/ });
      expect(await job.status()).toEqual({ state: 'running' });
    });

    it('does nothing if there is no such job', async () => {
      await expect(attachJob(local.account.host, 'nobody').remove()).resolves.toBeUndefined();
    });

    it('by several callers at once, with starts between them, never leads to two running jobs', async () => {
      const command = 'mkdir lock || echo twice >>trouble; sleep 0.05; rmdir lock';
      for (let round = 0; round < 15; round++) {
        const job = await start(command);
        await untilOver(job);
        const results = await Promise.allSettled([
          job.remove(),
          start(command),
          job.remove(),
          start(command),
        ]);
        for (const result of results)
          if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'JobAccessFailed' });
        await untilOver(await start(command));
      }
      await expect(stat(join(local.account.home, 'trouble'))).rejects.toThrow('ENOENT');
    }, 60_000);

    it('that was interrupted is finished by the next start', async () => {
      await mkdir(join(local.account.jobs, 'job'), { recursive: true });
      await symlink('removed', join(local.account.jobs, 'job', 'claim'));
      expect((await start('echo x')).isNew).toBe(true);
    });
  });

  it('is ignored if it is moved away during a poll', async () => {
    const bin = join(local.account.home, 'bin');
    await untilOver(await start('echo done'));
    await mkdir(bin);
    // Another caller's removal, at the moment at which the claim has been read.
    const mover =
      '#!/bin/sh\n/usr/bin/env -i PATH=/usr/bin:/bin readlink "$@"\nmv ../job ../.trash-1; rm -f exit stdout\n';
    await writeFile(join(bin, 'readlink'), mover, { mode: 0o755 });
    const { host } = local.account;
    const run: typeof host.run = (line, options) =>
      host.run(`PATH=${bin}:$PATH; export PATH; ${line}`, options);
    const job = attachJob({ ...host, run }, 'job');
    expect(await job.status()).toEqual({ state: 'lost', reason: 'there is no such job on the server' });
  });

  it('are listed, and removed by age', async () => {
    expect(await listJobs(local.account.host)).toEqual([]);
    await untilOver(await start('exit 2', 'old'));
    await start('sleep 300', 'running');
    await untilOver(await start('true', 'young'));
    await mkdir(join(local.account.jobs, 'not a job'));
    const jobs = await listJobs(local.account.host);
    expect(jobs.map(({ id, status }) => [id, status.state])).toEqual([
      ['old', 'exited'],
      ['running', 'running'],
      ['young', 'exited'],
    ]);
    expect(Math.abs(jobs[0]!.startedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(jobs[0]!.endedAt!.getTime()).toBeGreaterThanOrEqual(jobs[0]!.startedAt.getTime());
    expect(jobs[1]!.endedAt).toBeUndefined();
    expect(await removeJobs(local.account.host, { olderThan: 60_000 })).toEqual([]);
    expect((await removeJobs(local.account.host, { olderThan: 0 })).sort()).toEqual(['old', 'young']);
    expect((await listJobs(local.account.host)).map(({ id }) => id)).toEqual(['running']);
  });

  it('may be another directory, relative to the home or absolute', async () => {
    for (const dir of ['~/my jobs', "it's/here", join(local.account.home, 'root $x')]) {
      const job = await startJob(local.account.host, 'echo x', { id: 'job', dir });
      await untilOver(job);
      expect(job.toJSON()).toEqual({ id: 'job', dir });
      const again = attachJob(local.account.host, 'job', { dir });
      expect((await again.output()).stdout.toString()).toBe('x\n');
    }
  });

  it('reports why the job could not be started', async () => {
    await writeFile(join(local.account.home, 'file'), '');
    await expect(
      startJob(local.account.host, 'true', { id: 'job', dir: '~/file/jobs' }),
    ).rejects.toMatchObject({
      name: 'JobAccessFailed',
      code: 'SSH_JOB_ACCESS_FAILED',
      reason: expect.stringMatching(/not a directory/i),
    });
  });

  it('works with login scripts that print text', async () => {
    const talkative = await localAccount({
      change: (line) => `echo Welcome; echo 'ssh-via-gateway:' >&2; ${line}`,
    });
    const job = await startJob(talkative.host, 'echo x; echo y >&2', { id: 'job' });
    await untilOver(job);
    const { stdout, stderr } = await job.output();
    expect([stdout.toString(), stderr.toString()]).toEqual(['x\n', 'y\n']);
    await talkative[Symbol.asyncDispose]();
  });
});

describe('a full disk', () => {
  it('is detected before the command runs, and leaves nothing behind', async () => {
    // No file may have more than 16 KiB: empty ones and links can be made still, as on a full disk.
    await using account = await localAccount({ change: (line) => `trap "" XFSZ; ulimit -f 32; ${line}` });
    const start = startJob(account.host, 'echo x >>ran', { id: 'job' });
    await expect(start).rejects.toMatchObject({
      ...{
        name: 'JobAccessFailed',
        reason: expect.stringMatching(/^the disk is full/),
        hint: expect.stringMatching(/Free/),
      },
    });
    await expect(stat(join(account.jobs, 'job'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(join(account.home, 'ran'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
