import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startJob } from '../../src/job/start-job.ts';
import { all, localJobs, untilOver } from './support.ts';

describe('a job on a POSIX server', () => {
  const local = localJobs();
  const { start } = local;

  it('runs to its end and reports its exit code and both streams', async () => {
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
    expect(await local.account.files('job')).toEqual(['claim', 'command', 'exit', 'pid', 'stderr', 'stdout']);
    expect(await local.account.read('job', 'command')).toBe("printf '%s' \"it's\"\n");
    expect(await local.account.read('job', 'stdout')).toBe("it's");
    expect(await local.account.read('job', 'exit')).toMatch(/^0 \d{13} - end\n/);
    expect((await stat(join(local.account.jobs, 'job'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(local.account.jobs, 'job', 'stdout'))).mode & 0o777).toBe(0o600);
  });

  it('is found, not started again, by a second call with the same id', async () => {
    const first = await start('echo x >>ran; sleep 0.3');
    const second = await start('echo x >>ran; sleep 0.3');
    await untilOver(first);
    const third = await start('echo x >>ran; sleep 0.3');
    expect([first.isNew, second.isNew, third.isNew]).toEqual([true, false, false]);
    expect(await third.status()).toEqual({ state: 'exited', exitCode: 0 });
    expect((await stat(join(local.account.home, 'ran'))).size).toBe(2);
  });

  it('starts once with twelve simultaneous callers', async () => {
    const jobs = await Promise.all(Array.from({ length: 12 }, () => start('echo x >>ran')));
    expect(jobs.filter((job) => job.isNew)).toHaveLength(1);
    await untilOver(jobs[0]!);
    expect((await stat(join(local.account.home, 'ran'))).size).toBe(2);
  });

  it.each([
    ['another command', 'echo other', {}],
    ['another folder', 'echo one', { cwd: '/' }],
    ['another environment', 'echo one', { env: { A: 'b' } }],
    ['the same words as arguments', ['echo', 'one'], {}],
  ] as const)('rejects %s under the same id', async (_, command, options) => {
    await untilOver(await start('echo one'));
    await expect(startJob(local.account.host, command, { id: 'job', ...options })).rejects.toMatchObject({
      name: 'JobConflict',
      code: 'SSH_JOB_CONFLICT',
      id: 'job',
      retryable: false,
    });
  });

  it('has the cwd, the env, the umask and the empty input that were requested', async () => {
    const cwd = join(local.account.home, "a 'b'");
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

  it('fails without being run if cwd does not exist', async () => {
    const { stdout, end } = await all(await start('echo ran', 'job', { cwd: '/no/such/folder' }));
    expect(stdout).toBe('');
    expect(end.status).toEqual({ state: 'exited', exitCode: 1 });
  });

  it.runIf(process.platform === 'linux')('holds no pipe of the session that started it open', async () => {
    await untilOver(await start('ls -l /proc/$$/fd'));
    const listed = (await local.account.read('job', 'stdout')) ?? '';
    const open = [...listed.matchAll(/ (\d) -> (.*)/g)].map(([, fd, target]) => [Number(fd), target]);
    const folder = join(local.account.jobs, 'job');
    expect(open).toEqual([
      [0, '/dev/null'],
      [1, join(folder, 'stdout')],
      [2, join(folder, 'stderr')],
    ]);
  });

  it.runIf(process.platform === 'linux')('runs in its own session', async () => {
    const job = await start('ps -o sid= -p $$; ps -o sid= -p $PPID');
    const { stdout } = await all(job);
    const pid = (await local.account.claim('job'))[1];
    expect(stdout.trim().split(/\s+/)).toEqual([pid, pid]);
  });

  it('lets the command trap signals', async () => {
    const { stdout } = await all(await start('trap "echo term; exit 0" TERM; kill -TERM $$; sleep 5'));
    expect(stdout).toBe('term\n');
  });

  it('reports a signal that was not sent by kill() as shells do', async () => {
    const job = await start('kill -KILL $$');
    expect(await untilOver(job)).toEqual({ state: 'exited', exitCode: 137 });
    expect((await all(job)).stderr).toBe('');
  });

  it.each([0, 1, 127, 128, 129, 130, 137, 143, 159, 160, 255])('reports exit code %i', async (code) => {
    expect(await untilOver(await start(`exit ${code}`))).toEqual({ state: 'exited', exitCode: code });
  });
});
