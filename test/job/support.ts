import { spawnSync } from 'node:child_process';
import { readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { RemoteJob } from '../../src/job/remote-job.ts';
import { startJob } from '../../src/job/start-job.ts';
import type { JobEnd } from '../../src/job/types.ts';
import { type LocalAccount, localAccount } from '../support/local-job-host.ts';

/** An account of its own for each test; the scripts run in the real sh of this machine. */
export function localJobs() {
  let account: LocalAccount;
  beforeEach(async () => {
    account = await localAccount();
  });
  afterEach(() => account[Symbol.asyncDispose]());
  return {
    get account() {
      return account;
    },
    start: (command: string | string[], id = 'job', options: object = {}) =>
      startJob(account.host, command, { id, ...options }),
  };
}

export function untilOver(job: RemoteJob) {
  return vi.waitFor(
    async () => {
      const status = await job.status();
      if (status.state === 'running') throw new Error('still running');
      return status;
    },
    { timeout: 15_000, interval: 50 },
  );
}

/** All output, as `follow` gives it, and the end. */
export async function all(job: RemoteJob): Promise<{ stdout: string; stderr: string; end: JobEnd }> {
  const text = { stdout: '', stderr: '' };
  const pieces = job.follow({ pollInterval: 300 });
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) return { ...text, end: value };
    expect(value.stdout.length + value.stderr.length).toBeGreaterThan(0);
    text.stdout += value.stdout;
    text.stderr += value.stderr;
  }
}

/** A zombie does not run. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

export async function changeClaim(
  account: LocalAccount,
  change: (fields: string[]) => string[],
): Promise<void> {
  const path = join(account.jobs, 'job', 'claim');
  const text = await readlink(path);
  await unlink(path);
  await symlink(change(text.split(':')).join(':'), path);
}
