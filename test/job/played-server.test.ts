import { beforeEach, describe, expect, it, vi } from 'vitest';
import { attachJob } from '../../src/job/attach-job.ts';
import type { JobRecord } from '../../src/job/host/record.ts';
import { listJobs, removeJobs } from '../../src/job/list-jobs.ts';
import { startJob } from '../../src/job/start-job.ts';
import type { JobHost, JobOffsets } from '../../src/job/types.ts';

// The commands are played: each call says what was asked, and what the server answers to it comes from the test.
const server = vi.hoisted(() => ({ answers: [] as unknown[], asked: [] as string[] }));
vi.mock('../../src/job/posix/index.ts', () => {
  const command =
    (name: string) =>
    (...given: unknown[]) => {
      server.asked.push(
        [name, ...given.map((one) => (name === 'start' ? '' : JSON.stringify(one)))].join(' ').trim(),
      );
      return { line: name, read: () => server.answers.shift() };
    };
  const names = ['start', 'look', 'kill', 'remove', 'list'];
  return { posixCommands: () => Object.fromEntries(names.map((name) => [name, command(name)])) };
});

const host: JobHost = {
  windows: false,
  where: { host: 'pc', port: 22 },
  run: async () => ({ exitCode: 0, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
};

beforeEach(() => {
  server.answers.length = 0;
  server.asked.length = 0;
});

const plays = (...answers: unknown[]) => void server.answers.push(...answers);

function recordOf(
  changes: Partial<JobRecord> & { id?: string; at?: number; fingerprint?: string } = {},
): JobRecord {
  const { id = 'job', at = 1_000, fingerprint = 'other', ...rest } = changes;
  const claim = { pid: 1, start: '1', boot: 'b', fingerprint, at, flags: '', id };
  const sizes = { stdoutSize: 0, stderrSize: 0, now: 10_000 };
  return { claim, alive: true, exit: undefined, killed: undefined, ...sizes, ...rest };
}
const exitOf = (signal: string) => ({ alive: false, exit: { code: 137, at: 2_000, signal } });
const ended = (at: number, code = 0) => ({ alive: false, exit: { code, at, signal: undefined } });

/** The fingerprint of the command `x` under this id, as the library makes it. */
async function fingerprintOf(): Promise<string> {
  const { resolveStart } = await import('../../src/job/options.ts');
  return resolveStart('x', { id: 'job' }, false).fingerprint;
}

describe('a start', () => {
  const start = () => startJob(host, 'x', { id: 'job' });

  it.each([true, false])('finds the job with the same command, new or not: %s', async (isNew) => {
    plays({ record: recordOf({ fingerprint: await fingerprintOf() }), isNew, failure: undefined });
    expect(await start()).toMatchObject({ id: 'job', isNew });
  });

  it('reports that another command has this id', async () => {
    plays({ record: recordOf(), isNew: false, failure: undefined });
    await expect(start()).rejects.toMatchObject({
      ...{ name: 'JobConflict', id: 'job', host: 'pc', port: 22 },
      reason: 'another command (or the same with another cwd, env or shell) was started under this id',
    });
  });

  it('reports that the folder belongs to another id, whatever its command', async () => {
    plays({ record: recordOf({ id: 'Job', fingerprint: await fingerprintOf() }), isNew: false });
    await expect(start()).rejects.toMatchObject({
      name: 'JobConflict',
      reason: 'file names on the server ignore case, and Job is taken',
    });
  });

  it('that finds neither a job nor a reason is tried five times, then fails', async () => {
    const nothing = { record: recordOf({ claim: undefined }), isNew: false, failure: undefined };
    plays(...Array(9).fill(nothing));
    await expect(start()).rejects.toMatchObject({
      name: 'JobAccessFailed',
      reason: expect.stringContaining('ended at once'),
    });
    expect(server.asked).toHaveLength(5);
  });

  it('is tried once if the server reports a reason', async () => {
    plays({ record: undefined, isNew: false, failure: 'the disk is full' });
    await expect(start()).rejects.toMatchObject({ name: 'JobAccessFailed', reason: 'the disk is full' });
  });

  it('does not start again a job that was started and then removed', async () => {
    plays({ record: undefined, isNew: true, failure: undefined });
    await expect(start()).rejects.toMatchObject({ name: 'JobLost' });
    expect(server.asked).toHaveLength(1);
  });
});

describe('a job', () => {
  const job = attachJob(host, 'job');

  it.each([
    ['running', recordOf(), { state: 'running' }],
    ['ended', recordOf(ended(2_000, 3)), { state: 'exited', exitCode: 3 }],
    ['that is not there', undefined, { state: 'lost' }],
    ['in the folder of another', recordOf({ id: 'Job' }), { state: 'lost' }],
    ['ended with 137', recordOf(exitOf('SIGKILL')), { state: 'exited', exitCode: 137 }],
    [
      'whose record says KILL, and kill() was called',
      recordOf({ ...exitOf('SIGKILL'), killed: 'KILL' }),
      { state: 'killed', signal: 'SIGKILL' },
    ],
    [
      'that a signal ended which kill() does not send',
      recordOf({ ...exitOf('SIGINT'), killed: 'TERM' }),
      { state: 'exited', exitCode: 137 },
    ],
    ['that was killed', recordOf({ alive: false, killed: 'TERM' }), { state: 'killed', signal: 'SIGTERM' }],
    [
      'that is gone',
      recordOf({ alive: false }),
      { state: 'lost', reason: expect.stringContaining('is gone') },
    ],
  ])('%s has this status', async (_what, record, status) => {
    plays({ record }, record);
    expect(await job.status()).toMatchObject(status);
    expect(await job.kill()).toMatchObject(status);
    expect(server.asked).toEqual(['look "job"', 'kill "job" 5000']);
  });

  it('passes on the grace period', async () => {
    plays(recordOf());
    await job.kill({ grace: 70 });
    expect(server.asked).toEqual(['kill "job" 70']);
  });

  it.each([
    ['from its beginning', undefined, '{"stdout":0,"stderr":0}'],
    ['from there on', { stdout: 5, stderr: 6 }, '{"stdout":5,"stderr":6}'],
    ['of one stream from there on', { stderr: 6 }, '{"stdout":0,"stderr":6}'],
  ])('is read %s', async (_where, from, asked) => {
    const { stdout = 0, stderr = 0 }: Partial<JobOffsets> = from ?? {};
    const record = recordOf({ stdoutSize: stdout + 2, stderrSize: stderr + 1 });
    plays({ record, stdout: Buffer.from('ab'), stderr: Buffer.from('c') });
    expect(await job.output(from && { from })).toEqual({
      stdout: Buffer.from('ab'),
      stderr: Buffer.from('c'),
      next: { stdout: stdout + 2, stderr: stderr + 1 },
      size: { stdout: stdout + 2, stderr: stderr + 1 },
      status: { state: 'running' },
      done: false,
    });
    expect(server.asked).toEqual([`look "job" ${asked}`]);
  });

  it.each([
    [2, 1, true],
    [3, 1, false],
    [2, 2, false],
  ])(
    'that has ended is read to its end if %d and %d bytes were written: %s',
    async (stdoutSize, stderrSize, done) => {
      const record = recordOf({ ...ended(2_000), stdoutSize, stderrSize });
      plays({ record, stdout: Buffer.from('ab'), stderr: Buffer.from('c') });
      expect(await job.output()).toMatchObject({ done });
    },
  );

  it.each([
    ['stdout', { stdout: 3 }],
    ['stderr', { stderr: 3 }],
  ])('whose %s has shrunk is not the job that was read', async (_stream, from) => {
    plays({
      record: recordOf({ stdoutSize: 2, stderrSize: 2 }),
      stdout: Buffer.alloc(0),
      stderr: Buffer.alloc(0),
    });
    await expect(job.output({ from })).rejects.toMatchObject({
      name: 'JobLost',
      reason: expect.stringContaining('started again'),
    });
  });

  it('can be read from its end, without output', async () => {
    plays({
      record: recordOf({ stdoutSize: 2, stderrSize: 2 }),
      stdout: Buffer.alloc(0),
      stderr: Buffer.alloc(0),
    });
    expect((await job.output({ from: { stdout: 2, stderr: 2 } })).next).toEqual({ stdout: 2, stderr: 2 });
  });

  it.each(['removed', 'absent'])('is removed: %s', async (answer) => {
    plays(answer);
    expect(await job.remove()).toBeUndefined();
  });

  it('is not removed while it is running', async () => {
    plays('running');
    await expect(job.remove()).rejects.toMatchObject({ name: 'JobAccessFailed', retryable: false });
  });

  it('tells another program where to find it', () => {
    expect(JSON.stringify(job)).toBe('{"id":"job"}');
    expect(JSON.stringify(attachJob(host, 'job', { dir: '/jobs' }))).toBe('{"id":"job","dir":"/jobs"}');
  });
});

describe('the jobs of a server', () => {
  const all = () =>
    new Map([
      ['young', recordOf({ id: 'young', at: 9_000, ...ended(9_500) })],
      ['old', recordOf({ id: 'old', at: 2_000, ...ended(5_000, 1) })],
      ['runs', recordOf({ id: 'runs', at: 1_000 })],
      ['lost', recordOf({ id: 'lost', at: 3_000, alive: false })],
      ['copy', recordOf({ id: 'young', at: 500 })],
      ['empty', recordOf({ claim: undefined })],
    ]);

  it('are listed, oldest first, without other folders', async () => {
    plays(all());
    expect(await listJobs(host)).toEqual([
      { id: 'runs', status: { state: 'running' }, startedAt: new Date(1_000), endedAt: undefined },
      {
        id: 'old',
        status: { state: 'exited', exitCode: 1 },
        startedAt: new Date(2_000),
        endedAt: new Date(5_000),
      },
      {
        id: 'lost',
        status: expect.objectContaining({ state: 'lost' }),
        startedAt: new Date(3_000),
        endedAt: undefined,
      },
      {
        id: 'young',
        status: { state: 'exited', exitCode: 0 },
        startedAt: new Date(9_000),
        endedAt: new Date(9_500),
      },
    ]);
  });

  it.each([
    [0, ['young', 'old', 'lost']],
    [500, ['young', 'old', 'lost']],
    [501, ['old', 'lost']],
    [5_001, ['lost']],
    [7_001, []],
  ])('are removed if they ended at least %d ms ago', async (olderThan, ids) => {
    plays(all(), ...ids.map(() => 'removed'));
    expect(await removeJobs(host, { olderThan })).toEqual(ids);
    expect(server.asked.slice(1)).toEqual(ids.map((id) => `remove "${id}"`));
  });

  it('are not reported as removed if another caller was faster', async () => {
    plays(all(), 'absent', 'running', 'removed');
    expect(await removeJobs(host, { olderThan: 0 })).toEqual(['lost']);
  });
});
