import { beforeEach, describe, expect, it } from 'vitest';
import { attachJob } from '../../src/job/attach-job.ts';
import { execHost } from '../../src/job/host/exec-host.ts';
import { listJobs, removeJobs } from '../../src/job/list-jobs.ts';
import { runJobOver } from '../../src/job/run/run-job.ts';
import type { RunJobOptions } from '../../src/job/run/run-types.ts';
import { startJob } from '../../src/job/start-job.ts';
import { runsForEver, startMock } from '../exec/mock.ts';
import { FakeWindowsJobs } from '../support/fake-windows-jobs.ts';

/** Our side of the talk with a Windows PC; the other side is a model, not Windows. */
describe('a job on Windows', () => {
  let pc: FakeWindowsJobs;
  beforeEach(() => {
    pc = new FakeWindowsJobs();
  });

  const start = (id = 'job', command: string | string[] = 'run.cmd invoice', options: object = {}) =>
    startJob(pc.host, command, { id, ...options });

  it('is started by a script that is passed the command, and found by a second call', async () => {
    const first = await start();
    const second = await start();
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(pc.jobs.get('job')).toMatchObject({ command: 'run.cmd invoice', task: '' });
    expect(pc.calls[0]).toMatchObject({
      action: 'start',
      id: 'job',
      dir: '%LOCALAPPDATA%\\ssh-via-gateway\\jobs',
    });
    expect(await first.status()).toEqual({ state: 'running' });
  });

  it.each([
    [undefined, 60_000],
    [3, 60_000],
    [2, 10_000],
    [0, 10_000],
  ])('is watched with %s sessions left for others for %i ms at a time', async (sessionsLeft, wait) => {
    await start();
    pc.write('job', 'done');
    pc.end('job', 0);
    const left = sessionsLeft === undefined ? undefined : () => sessionsLeft;
    const job = attachJob({ ...pc.host, sessionsLeft: left }, 'job');
    for await (const _ of job.follow());
    expect(pc.calls.filter(({ action }) => action === 'look').map(({ wait }) => wait)).toEqual([`${wait}`]);
  });

  it('takes a session of the connection that it is followed over', async () => {
    await using mock = await startMock({ maxSessions: 10, exec: runsForEver });
    const host = execHost(mock.opener);
    const before = host.sessionsLeft?.();
    const session = await mock.opener.exec({ command: 'x' });
    expect([before, host.sessionsLeft?.()]).toEqual([10, 9]);
    session.close();
    await mock.idle();
  });

  it('quotes arguments for cmd.exe, or for the given shell', async () => {
    await start('a', ['C:\\Program Files\\rpa.exe', 'a b'], { cwd: 'C:\\rpa', env: { MODE: 'x y' } });
    expect(pc.jobs.get('a')?.command).toBe(
      'cd /d "C:\\rpa" || exit 1 & set "MODE=x y" & "C:\\Program Files\\rpa.exe" "a b"',
    );
    await start('b', ['Get-Date'], { shell: 'powershell' });
    expect(pc.jobs.get('b')?.command).toMatch(/^powershell .* -EncodedCommand /);
  });

  it('runs on the desktop as a scheduled task', async () => {
    await start('job', 'uipath.exe', { interactive: true });
    expect(pc.jobs.get('job')?.task).toBe('ssh-via-gateway job job');
  });

  it.each([
    [5, 'option interactive: 5 given'],
    [{ level: 1 }, 'option interactive.level'],
    [{ runLevel: 'admin' }, "'limited' or 'highest' would be right"],
    [{ executionTimeLimit: 0 }, 'option interactive.executionTimeLimit: 0 given'],
  ])('rejects interactive: %j', async (interactive, message) => {
    await expect(start('x', 'x', { interactive })).rejects.toThrow(message);
    expect(pc.calls).toEqual([]);
  });

  it('is the same job with interactive: true and interactive: {}', async () => {
    expect((await start('job', 'x', { interactive: true })).isNew).toBe(true);
    expect((await start('job', 'x', { interactive: { runLevel: 'limited' } })).isNew).toBe(false);
    await expect(start('job', 'x', { interactive: { runLevel: 'highest' } })).rejects.toThrow(
      'is not this job',
    );
    expect(pc.calls.at(-1)).toMatchObject({ runLevel: 'Highest', timeLimit: '' });
    await start('timed', 'x', { interactive: { executionTimeLimit: 1_500.2 } });
    expect(pc.calls.at(-1)).toMatchObject({ runLevel: 'Limited', timeLimit: '1501' });
  });

  it('reports why it could not be started', async () => {
    pc.refusal = 'did not begin; an interactive job needs PC\\rpa to be logged on at the desktop';
    await expect(start('job', 'x', { interactive: true })).rejects.toMatchObject({
      name: 'JobAccessFailed',
      reason: pc.refusal,
    });
  });

  it('is another job, and rejected, if the id differs only in case', async () => {
    await start('Job');
    await expect(start('job')).rejects.toMatchObject({ name: 'JobConflict', reason: /Job is taken/ });
    expect(await attachJob(pc.host, 'JOB').status()).toMatchObject({ state: 'lost' });
    expect(await attachJob(pc.host, 'Job').status()).toEqual({ state: 'running' });
  });

  it('returns its output by offset, as bytes', async () => {
    const job = await start();
    pc.write('job', '한글\r\n', 'e');
    const piece = await job.output({ from: { stdout: 2 } });
    expect(piece.stdout).toEqual(Buffer.from('b1db0d0a', 'hex'));
    expect(piece).toMatchObject({ next: { stdout: 6, stderr: 1 }, done: false });
    pc.end('job', 0);
    expect(await job.output({ from: piece.next })).toMatchObject({ status: { exitCode: 0 }, done: true });
  });

  it.each([
    [0, { state: 'exited', exitCode: 0 }],
    [137, { state: 'exited', exitCode: 137 }],
    [3221225786, { state: 'exited', exitCode: 3221225786 }],
    [undefined, { state: 'lost' }],
  ])('ends with the reason that Windows reports: %j', async (code, status) => {
    const job = await start();
    pc.end('job', code);
    expect(await job.status()).toMatchObject(status);
  });

  it('is killed, removed and listed', async () => {
    const job = await start();
    await expect(job.remove()).rejects.toMatchObject({ name: 'JobAccessFailed' });
    expect(await job.kill()).toEqual({ state: 'killed', signal: 'SIGKILL' });
    await start('other');
    expect((await listJobs(pc.host)).map(({ id, status }) => [id, status.state])).toEqual([
      ['job', 'killed'],
      ['other', 'running'],
    ]);
    expect(await removeJobs(pc.host, { olderThan: 0 })).toEqual(['job']);
    await expect(job.remove()).resolves.toBeUndefined();
  });

  it('is followed to its end in its code page, with long polls on the PC', async () => {
    const seen: string[] = [];
    const connect = async () => ({ jobHost: pc.host, close: async () => {} });
    const options: RunJobOptions = {
      ...{ id: 'job', encoding: 'cp949' as const, pollInterval: 200 },
      onOutput: (text: string) => void seen.push(text),
    };
    const job = runJobOver(connect, { host: 'pc', username: 'rpa' }, 'run.cmd', options);
    setTimeout(() => pc.write('job', '시작\r\n'), 50);
    setTimeout(() => pc.write('job', '끝\r\n', '경고'), 300);
    setTimeout(() => pc.end('job', 5), 600);
    await expect(job).rejects.toMatchObject({
      name: 'CommandFailed',
      exitCode: 5,
      stdout: '시작\r\n끝\r\n',
      stderr: '경고',
    });
    expect(seen.join('')).toBe('시작\r\n끝\r\n');
    expect(pc.calls.filter(({ action }) => action === 'look').every(({ wait }) => wait === '60000')).toBe(
      true,
    );
  });
});
