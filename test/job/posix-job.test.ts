import { spawnSync } from 'node:child_process';
import { mkdir, readlink, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listJobs, removeJobs } from '../../src/job/list-jobs.ts';
import type { RemoteJob } from '../../src/job/remote-job.ts';
import { attachJob, startJob } from '../../src/job/start-job.ts';
import { killGroup, type LocalAccount, localAccount } from '../support/local-job-host.ts';

/** The scripts run in the real sh of this machine. */
describe('a job on a POSIX server', () => {
  let account: LocalAccount;
  beforeEach(async () => {
    account = await localAccount();
  });
  afterEach(() => account[Symbol.asyncDispose]());

  const start = (command: string | string[], id = 'job', options: object = {}) =>
    startJob(account.host, command, { id, ...options });

  const untilOver = (job: RemoteJob) =>
    vi.waitFor(
      async () => {
        const status = await job.status();
        if (status.state === 'running') throw new Error('still running');
        return status;
      },
      { timeout: 15_000, interval: 50 },
    );

  async function all(job: RemoteJob) {
    const text = { stdout: '', stderr: '' };
    const pieces = job.follow({ pollInterval: 300 });
    for (;;) {
      const { value, done } = await pieces.next();
      if (done) return { ...text, end: value };
      text.stdout += value.stdout;
      text.stderr += value.stderr;
    }
  }

  it('runs to its end and tells its exit code and both streams', async () => {
    const job = await start('echo out; echo err >&2; exit 3');
    expect(job.isNew).toBe(true);
    const { stdout, stderr, end } = await all(job);
    expect({ stdout, stderr, status: end.status }).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      status: { state: 'exited', exitCode: 3 },
    });
    expect(end.durationMs).toBeGreaterThan(0);
    expect(end.durationMs).toBeLessThan(10_000);
  });

  it('keeps its command, pid, output and end in a folder that only the user can read', async () => {
    await untilOver(await start("printf '%s' \"it's\""));
    expect(await account.files('job')).toEqual(['claim', 'command', 'exit', 'pid', 'stderr', 'stdout']);
    expect(await account.read('job', 'command')).toBe("printf '%s' \"it's\"\n");
    expect(await account.read('job', 'stdout')).toBe("it's");
    expect(await account.read('job', 'exit')).toMatch(/^0 \d{13} - end\n/);
    expect((await stat(join(account.jobs, 'job'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(account.jobs, 'job', 'stdout'))).mode & 0o777).toBe(0o600);
  });

  it('is found, not started, by a second call with the same id', async () => {
    const first = await start('echo x >>ran; sleep 0.3');
    const second = await start('echo x >>ran; sleep 0.3');
    await untilOver(first);
    const third = await start('echo x >>ran; sleep 0.3');
    expect([first.isNew, second.isNew, third.isNew]).toEqual([true, false, false]);
    expect(await third.status()).toEqual({ state: 'exited', exitCode: 0 });
    expect((await stat(join(account.home, 'ran'))).size).toBe(2);
  });

  it('starts once when twelve callers come at the same moment', async () => {
    const jobs = await Promise.all(Array.from({ length: 12 }, () => start('echo x >>ran')));
    expect(jobs.filter((job) => job.isNew)).toHaveLength(1);
    await untilOver(jobs[0]!);
    expect((await stat(join(account.home, 'ran'))).size).toBe(2);
  });

  it.each([
    ['another command', 'echo other', {}],
    ['another folder', 'echo one', { cwd: '/' }],
    ['another environment', 'echo one', { env: { A: 'b' } }],
    ['the same words as arguments', ['echo', 'one'], {}],
  ] as const)('refuses %s under the same id', async (_, command, options) => {
    await untilOver(await start('echo one'));
    await expect(startJob(account.host, command, { id: 'job', ...options })).rejects.toMatchObject({
      name: 'JobConflict',
      code: 'SSH_JOB_CONFLICT',
      id: 'job',
      retryable: false,
    });
  });

  it('has the folder, the variables, the umask and the empty input that it asked for', async () => {
    const cwd = join(account.home, "a 'b'");
    await mkdir(cwd);
    const job = await start('pwd; echo "$A"; umask; cat; ps -o tty= -p $$', 'job', {
      cwd,
      env: { A: "1 '2'" },
    });
    const umask = process.umask().toString(8).padStart(4, '0');
    const lines = (await all(job)).stdout.split('\n');
    expect(lines.slice(0, 3)).toEqual([cwd, "1 '2'", umask]);
    expect(lines[3]).toMatch(/^\?/);
  });

  it('fails when its folder is missing, without having run', async () => {
    const { stdout, end } = await all(await start('echo ran', 'job', { cwd: '/no/such/folder' }));
    expect(stdout).toBe('');
    expect(end.status).toEqual({ state: 'exited', exitCode: 1 });
  });

  it.runIf(process.platform === 'linux')('holds no pipe of the session that started it', async () => {
    await untilOver(await start('ls -l /proc/$$/fd'));
    const listed = (await account.read('job', 'stdout')) ?? '';
    const open = [...listed.matchAll(/ (\d) -> (.*)/g)].map(([, fd, target]) => [Number(fd), target]);
    const folder = join(account.jobs, 'job');
    expect(open).toEqual([
      [0, '/dev/null'],
      [1, join(folder, 'stdout')],
      [2, join(folder, 'stderr')],
    ]);
  });

  it.runIf(process.platform === 'linux')('is a session of its own', async () => {
    const job = await start('ps -o sid= -p $$; ps -o sid= -p $PPID');
    const { stdout } = await all(job);
    const pid = (await account.claim('job'))[1];
    expect(stdout.trim().split(/\s+/)).toEqual([pid, pid]);
  });

  it('gives signals their usual meaning in the command', async () => {
    const { stdout } = await all(await start('trap "echo term; exit 0" TERM; kill -TERM $$; sleep 5'));
    expect(stdout).toBe('term\n');
  });

  it('says which signal ended the command', async () => {
    const job = await start('kill -KILL $$');
    expect(await untilOver(job)).toEqual({ state: 'killed', signal: 'SIGKILL' });
    expect((await all(job)).stderr).toBe('');
  });

  it.each([0, 1, 127, 128, 160, 255])('says that it exited with code %i', async (code) => {
    expect(await untilOver(await start(`exit ${code}`))).toEqual({ state: 'exited', exitCode: code });
  });

  describe('kill', () => {
    it('ends it and all that it started', async () => {
      const job = await start('sleep 300 & echo $!; wait');
      const child = await vi.waitFor(async () => {
        const pid = Number(await account.read('job', 'stdout'));
        if (!pid) throw new Error('not yet');
        return pid;
      });
      expect(await job.kill()).toEqual({ state: 'killed', signal: 'SIGTERM' });
      expect(isRunning(child)).toBe(false);
      expect(await job.status()).toEqual({ state: 'killed', signal: 'SIGTERM' });
    });

    it('uses force on a command that ignores the polite signal', async () => {
      const job = await start('trap "" TERM; echo ready; while :; do sleep 1; done');
      await vi.waitFor(async () => expect(await account.read('job', 'stdout')).toBe('ready\n'));
      const startedAt = Date.now();
      expect(await job.kill({ grace: 300 })).toEqual({ state: 'killed', signal: 'SIGKILL' });
      expect(Date.now() - startedAt).toBeLessThan(5_000);
      expect(isRunning(Number((await account.claim('job'))[1]))).toBe(false);
    });

    it('keeps the exit code of a command that cleans up', async () => {
      const job = await start('trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 0.1; done');
      await vi.waitFor(async () => expect(await account.read('job', 'stdout')).toBe('ready\n'));
      expect(await job.kill()).toEqual({ state: 'exited', exitCode: 7 });
      expect((await all(job)).stdout).toBe('ready\nbye\n');
    });

    it('leaves a job that is over as it is, and knows nothing of one that is not there', async () => {
      const job = await start('exit 4');
      await untilOver(job);
      expect(await job.kill()).toEqual({ state: 'exited', exitCode: 4 });
      expect(await attachJob(account.host, 'other').kill()).toMatchObject({ state: 'lost' });
    });
  });

  describe('lost', () => {
    const lost = { state: 'lost', reason: expect.stringContaining('left no exit code') };

    it('is a job whose wrapper was killed', async () => {
      const job = await start('sleep 300');
      killGroup(Number((await account.claim('job'))[1]));
      expect(await untilOver(job)).toEqual(lost);
    });

    it('is a job from before a restart of the server, even if its number and time fit', async () => {
      const job = await start('sleep 300');
      await changeClaim(account, (fields) => fields.with(3, '00000000-0000-4000-8000-000000000000'));
      expect(await job.status()).toEqual(lost);
    });

    it('is a job whose number now belongs to another process', async () => {
      const job = await start('sleep 300');
      await changeClaim(account, (fields) => fields.with(2, '12345'));
      expect(await job.status()).toEqual(lost);
    });

    it('is never started again under its id', async () => {
      await start('echo x >>ran; sleep 300');
      await vi.waitFor(() => stat(join(account.home, 'ran')));
      killGroup(Number((await account.claim('job'))[1]));
      const again = await start('echo x >>ran; sleep 300');
      expect(again.isNew).toBe(false);
      expect(await untilOver(again)).toEqual(lost);
      expect((await stat(join(account.home, 'ran'))).size).toBe(2);
    });

    it('does not count an exit that was not written whole', async () => {
      const job = await start('sleep 300');
      killGroup(Number((await account.claim('job'))[1]));
      await untilOver(job);
      for (const text of ['', '0', '0 17000', '0 1700000000000 -', '0 1700000000000 - en']) {
        await writeFile(join(account.jobs, 'job', 'exit'), text);
        expect(await job.status(), JSON.stringify(text)).toEqual(lost);
      }
    });

    it('is what a job is called that the server does not know', async () => {
      const job = attachJob(account.host, 'nobody');
      expect(await job.status()).toEqual({ state: 'lost', reason: 'there is no such job on the server' });
      await expect(job.output()).rejects.toMatchObject({ name: 'JobLost', id: 'nobody' });
    });
  });

  describe('output', () => {
    it('comes from any offset, in pieces of about one MiB, without a gap or a repeat', async () => {
      const job = await start(
        'i=0; while [ $i -lt 40000 ]; do echo "$i abcdefghijklmnopqrstuvwxyz0123456789"; i=$((i+1)); done',
      );
      await untilOver(job);
      const whole = await account.read('job', 'stdout');
      const pieces: Buffer[] = [];
      let piece = await job.output();
      for (; ; piece = await job.output({ from: piece.next })) {
        pieces.push(piece.stdout);
        expect(piece.stdout.length).toBeLessThanOrEqual(1_048_576 + 65_536);
        if (piece.done) break;
      }
      expect(pieces.length).toBeGreaterThan(1);
      expect(Buffer.concat(pieces).toString()).toBe(whole);
      for (const from of [0, 1, 65_535, 65_536, 65_537, 1_000_000]) {
        const { stdout, next } = await job.output({ from: { stdout: from } });
        expect(whole?.startsWith(stdout.toString(), from)).toBe(true);
        expect(next).toEqual({ stdout: from + stdout.length, stderr: 0 });
      }
    });

    it('may hold any bytes', async () => {
      const job = await start("printf '\\000\\377\\r\\nssh-via-gateway:' ; printf '\\001' >&2");
      await untilOver(job);
      const { stdout, stderr, done } = await job.output();
      expect(stdout).toEqual(Buffer.from('\0\xff\r\nssh-via-gateway:', 'latin1'));
      expect(stderr).toEqual(Buffer.from([1]));
      expect(done).toBe(true);
    });

    it('is decoded across the pieces in which it came', async () => {
      const file = join(account.home, 'text');
      await writeFile(file, Buffer.from('b0a1b3aab4d9', 'hex'));
      const command = `for i in 1 2 3 4 5 6; do dd if=${file} bs=1 skip=$((i-1)) count=1 2>/dev/null; sleep 0.3; done`;
      const job = await startJob(account.host, command, { id: 'job', encoding: 'cp949' });
      const { stdout } = await all(job);
      expect(stdout).toBe('가나다');
    });

    it('that is shorter than what was read before means that the job is not the same any more', async () => {
      const job = await start('echo 1');
      await untilOver(job);
      await expect(job.output({ from: { stdout: 3 } })).rejects.toMatchObject({ name: 'JobLost' });
    });

    it.each([{ stdout: -1 }, { stdout: 1.5 }, { stdout: '1' }, { both: 1 }])(
      'is not had from %j',
      async (from) => {
        const job = attachJob(account.host, 'job');
        await expect(job.output({ from: from as object })).rejects.toThrow(/from/);
      },
    );
  });

  describe('remove', () => {
    it('frees the id', async () => {
      await untilOver(await start('echo x >>ran'));
      await (await start('echo x >>ran')).remove();
      expect((await start('echo x >>ran')).isNew).toBe(true);
      await vi.waitFor(async () => expect((await stat(join(account.home, 'ran'))).size).toBe(4));
    });

    it('refuses while the job runs', async () => {
      const job = await start('sleep 300');
      await expect(job.remove()).rejects.toMatchObject({ name: 'JobAccessFailed', reason: /still runs/ });
      expect(await job.status()).toEqual({ state: 'running' });
    });

    it('does nothing when there is no such job', async () => {
      await expect(attachJob(account.host, 'nobody').remove()).resolves.toBeUndefined();
    });

    it('by several callers at once, with starts between them, never starts a job twice at once', async () => {
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
      await expect(stat(join(account.home, 'trouble'))).rejects.toThrow('ENOENT');
    }, 60_000);

    it('that died half way is finished by the next start', async () => {
      await mkdir(join(account.jobs, 'job'), { recursive: true });
      await symlink('removed', join(account.jobs, 'job', 'claim'));
      expect((await start('echo x')).isNew).toBe(true);
    });
  });

  it('are listed, and removed by age', async () => {
    expect(await listJobs(account.host)).toEqual([]);
    await untilOver(await start('exit 2', 'old'));
    await start('sleep 300', 'running');
    await untilOver(await start('true', 'young'));
    await mkdir(join(account.jobs, 'not a job'));
    const jobs = await listJobs(account.host);
    expect(jobs.map(({ id, status }) => [id, status.state])).toEqual([
      ['old', 'exited'],
      ['running', 'running'],
      ['young', 'exited'],
    ]);
    expect(Math.abs(jobs[0]!.startedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(jobs[0]!.endedAt!.getTime()).toBeGreaterThanOrEqual(jobs[0]!.startedAt.getTime());
    expect(jobs[1]!.endedAt).toBeUndefined();
    expect(await removeJobs(account.host, { olderThan: 60_000 })).toEqual([]);
    expect((await removeJobs(account.host, { olderThan: 0 })).sort()).toEqual(['old', 'young']);
    expect((await listJobs(account.host)).map(({ id }) => id)).toEqual(['running']);
  });

  it('may live in another folder, from home or from the root', async () => {
    for (const dir of ['~/my jobs', "it's/here", join(account.home, 'root $x')]) {
      const job = await startJob(account.host, 'echo x', { id: 'job', dir });
      await untilOver(job);
      expect(job.toJSON()).toEqual({ id: 'job', dir });
      const again = attachJob(account.host, 'job', { dir });
      expect((await again.output()).stdout.toString()).toBe('x\n');
    }
  });

  it('says why it could not be started', async () => {
    await writeFile(join(account.home, 'file'), '');
    await expect(startJob(account.host, 'true', { id: 'job', dir: '~/file/jobs' })).rejects.toMatchObject({
      name: 'JobAccessFailed',
      code: 'SSH_JOB_ACCESS_FAILED',
      reason: expect.stringMatching(/not a directory/i),
    });
  });

  it('is started by a server whose login scripts talk', async () => {
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

/** A zombie does not run. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

async function changeClaim(account: LocalAccount, change: (fields: string[]) => string[]): Promise<void> {
  const path = join(account.jobs, 'job', 'claim');
  const text = await readlink(path);
  await unlink(path);
  await symlink(change(text.split(':')).join(':'), path);
}
