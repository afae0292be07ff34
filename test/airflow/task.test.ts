import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { jobId } from '../../examples/airflow/src/job-id.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';
import { startTask, type TaskInstance, type TaskRun } from './support/coordinator.ts';

let pc: Sshd;
let runs = 0;
let runId: string;

beforeAll(async () => {
  pc = await startSshd();
});

afterAll(() => pc?.close());

beforeEach(() => {
  // As Airflow makes them: not a name for a folder.
  runId = `manual__2026-11-22T10:00:00.${runs++}+00:00`;
});

/** Starts the packed task for the run of this test. */
function start(command: string, task: Partial<TaskInstance> = {}, connection = {}): Promise<TaskRun> {
  const { host, port, username: login, privateKey, hostPublicKey } = pc;
  const extra = JSON.stringify({ private_key: privateKey, host_key: hostPublicKey });
  return startTask(
    { runId, tryNumber: 1, ...task },
    { connection: { host, port, login, extra, ...connection }, variables: { rpa_command: command } },
  );
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`This did not happen within a minute: ${what}`);
}

const returned = ({ requests }: TaskRun) => requests.find(({ type }) => type === 'SetXCom')?.['value'];

it('The packed task needs nothing but Node', async () => {
  const bundle = await readFile(inject('bundle'), 'utf8');
  expect(bundle.startsWith('//# airflowMetadata=')).toBe(true);
  const [, metadata = ''] = /^\/\/# airflowMetadata=(.*)$/m.exec(bundle) ?? [];
  expect(Buffer.from(metadata, 'base64').toString()).toContain('tasks: ["run_rpa"]');
});

it('A command that succeeds makes a task that succeeds, with output in the log and a result', async () => {
  const task = await start('echo first line; echo a warning >&2; echo last line');
  const { outcome, code } = await task.ended;
  expect({ outcome, code, logs: task.logs }).toMatchObject({ outcome: { type: 'SucceedTask' }, code: 0 });
  expect(task.stdout()).toContain('first line\nlast line\n');
  expect(returned(task)).toMatchObject({ exitCode: 0, lastLine: 'last line' });
});

it('A command that fails makes a task that failed, and says why', async () => {
  const task = await start('echo the bot found no browser >&2; exit 3');
  const { outcome, code } = await task.ended;
  expect({ outcome, code }).toMatchObject({ outcome: { type: 'TaskState', state: 'failed' }, code: 0 });
  const error = task.logs.find(({ level }) => level === 'error');
  expect(error?.['error']).toContain('exited with code 3');
  expect(returned(task)).toBeUndefined();
});

it('A command that fails is tried again where Airflow has tries left, and is started again', async () => {
  const count = join(pc.home, 'count');
  const command = `echo run >> ${count}; exit 3`;
  const first = await (await start(command, { shouldRetry: true })).ended;
  expect(first.outcome).toMatchObject({
    type: 'RetryTask',
    retry_reason: expect.stringContaining('exited with code 3'),
  });
  await (await start(command, { tryNumber: 2 })).ended;
  expect(await readFile(count, 'utf8')).toBe('run\nrun\n');
  await rm(count);
});

it('A PC that cannot be trusted fails the task before anything is run', async () => {
  const extra = JSON.stringify({ private_key: pc.privateKey });
  const task = await start('echo never', {}, { extra });
  const { outcome } = await task.ended;
  expect(outcome).toMatchObject({ type: 'TaskState', state: 'failed' });
  expect(task.logs.find(({ level }) => level === 'error')?.['error']).toContain(
    'no known_hosts file has a key',
  );
});

describe('A job that outlives its task', () => {
  const command = () =>
    `echo started >> ${pc.home}/starts; echo begin; while [ ! -e ${pc.home}/go ]; do sleep 0.1; done; echo end`;

  async function finish(): Promise<TaskRun> {
    const retry = await start(command(), { tryNumber: 2 });
    await until('the retry sees the output from the beginning', () => retry.stdout().includes('begin'));
    await writeFile(join(pc.home, 'go'), '');
    return retry;
  }

  async function expectOneRun(retry: TaskRun): Promise<void> {
    const { outcome, code } = await retry.ended;
    expect({ outcome, code, logs: retry.logs }).toMatchObject({ outcome: { type: 'SucceedTask' }, code: 0 });
    expect(retry.stdout().match(/^(begin|end)$/gm)).toEqual(['begin', 'end']);
    expect(returned(retry)).toMatchObject({ exitCode: 0, lastLine: 'end' });
    expect(await readFile(join(pc.home, 'starts'), 'utf8')).toBe('started\n');
  }

  beforeEach(async () => {
    await rm(join(pc.home, 'go'), { force: true });
    await rm(join(pc.home, 'starts'), { force: true });
  });

  it('is found by the retry, after Airflow ended the task by SIGTERM', async () => {
    const task = await start(command(), { shouldRetry: true });
    await until('the job runs', () => task.stdout().includes('begin'));
    const asked = Date.now();
    task.process.kill('SIGTERM');
    const { outcome, code } = await task.ended;
    expect({ outcome, code }).toMatchObject({
      outcome: { type: 'RetryTask', retry_reason: 'Task aborted by SIGTERM' },
      code: 0,
    });
    // Airflow kills after 30 seconds.
    expect(Date.now() - asked).toBeLessThan(10_000);
    await expectOneRun(await finish());
  });

  it('is found by the retry, after the worker was killed', async () => {
    const task = await start(command());
    await until('the job runs', () => task.stdout().includes('begin'));
    task.process.kill('SIGKILL');
    expect(await task.ended).toMatchObject({ outcome: undefined, signal: 'SIGKILL' });
    await expectOneRun(await finish());
  });

  it('gives a try that comes after its end the same result', async () => {
    await writeFile(join(pc.home, 'go'), '');
    expect((await (await start(command())).ended).outcome).toMatchObject({ type: 'SucceedTask' });
    await expectOneRun(await start(command(), { tryNumber: 2 }));
  });

  it('is another one for another map index', async () => {
    await writeFile(join(pc.home, 'go'), '');
    for (const mapIndex of [0, 1]) await (await start(command(), { mapIndex })).ended;
    expect(await readFile(join(pc.home, 'starts'), 'utf8')).toBe('started\nstarted\n');
  });
});

describe('jobId', () => {
  const task = {
    dagId: 'rpa',
    taskId: 'group.run_rpa',
    runId: 'manual__2026-11-22T10:00:00+00:00',
    mapIndex: -1,
  };

  it('is a name for a folder, and says which task it is', () => {
    expect(jobId(task)).toMatch(
      /^airflow-rpa-group_run_rpa-manual__2026-11-22T10_00_00_00_00--1-[0-9a-f]{16}$/,
    );
    expect(jobId({ ...task, runId: 'x'.repeat(250) })).toHaveLength(8 + 70 + 17);
  });

  it('differs with dag, task, run and map index, also where the readable part does not', () => {
    const others = [
      { dagId: 'rpa-group_run_rpa', taskId: 'x' },
      { runId: 'manual__2026-11-22T10_00_00_00_00' },
      { mapIndex: 0 },
      { taskId: 'group_run_rpa' },
    ].map((other) => jobId({ ...task, ...other }));
    expect(new Set([jobId(task), ...others]).size).toBe(5);
  });
});
