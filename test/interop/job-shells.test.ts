import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { RemoteJob } from '../../src/job/remote-job.ts';
import { startJob } from '../../src/job/start-job.ts';
import { type LocalAccountOptions, localAccount } from '../support/local-job-host.ts';

/** The tools that the scripts may find on any POSIX system. */
const posixTools = [
  'sh',
  'awk',
  'cat',
  'date',
  'dd',
  'ln',
  'ls',
  'mkdir',
  'mv',
  'nohup',
  'ps',
  'rm',
  'sed',
  'sleep',
  'tail',
  'tr',
];

async function withTools(names: string[], work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tools-'));
  for (const name of names) await symlink(which(name), join(folder, name));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function which(name: string): string {
  return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
}

async function lifeOfAJob(options: LocalAccountOptions): Promise<void> {
  await using account = await localAccount(options);
  const first = await startJob(account.host, 'echo out; echo err >&2; exit 3', { id: 'job' });
  expect(first.isNew).toBe(true);
  expect(await untilOver(first)).toEqual({ state: 'exited', exitCode: 3 });
  const { stdout, stderr, done } = await first.output({ from: { stdout: 1 } });
  expect([stdout.toString(), stderr.toString(), done]).toEqual(['ut\n', 'err\n', true]);
  expect((await startJob(account.host, 'echo out; echo err >&2; exit 3', { id: 'job' })).isNew).toBe(false);
  await first.remove();
  expect(await first.status()).toMatchObject({ state: 'lost' });

  const second = await startJob(account.host, 'sleep 300 & sleep 301; wait', { id: 'job' });
  await expect(second.remove()).rejects.toMatchObject({ name: 'JobAccessFailed' });
  expect(await second.kill({ grace: 2_000 })).toMatchObject({ state: 'killed' });
  const left = execFileSync('ps', ['-A', '-o', 'stat=,args='], { encoding: 'utf8' });
  expect(left).not.toMatch(/^[^Z]\S* sleep 30[01]$/m);
}

function untilOver(job: RemoteJob) {
  return vi.waitFor(
    async () => {
      const status = await job.status();
      if (status.state === 'running') throw new Error('still running');
      return status;
    },
    { timeout: 10_000 },
  );
}

describe('the scripts of a job', () => {
  it.each(['/bin/dash', '/bin/bash', '/usr/bin/mksh', '/bin/busybox sh'])('run in %s', async (sh) => {
    await lifeOfAJob({ sh });
  });

  it("run with BusyBox's tools alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'busybox-'));
    execFileSync('/bin/busybox', ['--install', '-s', folder]);
    await lifeOfAJob({ sh: '/bin/busybox sh', path: folder });
    await rm(folder, { recursive: true });
  });

  it('make a session of its own with perl where there is no setsid', async () => {
    await withTools([...posixTools, 'readlink', 'perl'], (path) => lifeOfAJob({ path }));
  });

  it('do without a session of its own, and without readlink, where there is nothing to be had', async () => {
    await withTools(posixTools, (path) => lifeOfAJob({ path }));
  });
});
