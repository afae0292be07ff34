import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sshd, startSshd } from '../support/sshd.ts';
import { type Airflow, startAirflow } from './support/airflow.ts';

let pc: Sshd;
let airflow: Airflow;

beforeAll(async () => {
  pc = await startSshd();
  const { host, port, username: login, privateKey, hostPublicKey } = pc;
  const extra = { private_key: privateKey, host_key: hostPublicKey };
  airflow = await startAirflow({ conn_type: 'ssh', host, port, login, extra });
});

afterAll(async () => {
  await airflow?.stop();
  await pc?.close();
});

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 240_000; Date.now() < end; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`This did not happen within four minutes: ${what}`);
}

const succeeded = (runId: string) => async () => (await airflow.task(runId)).state === 'success';

it('Airflow runs the packed task, shows its output and keeps its result', async () => {
  await airflow.setCommand('echo first line; echo last line');
  await airflow.trigger('plain');
  await until('the task succeeds', succeeded('plain'));
  const { try_number: tries } = await airflow.task('plain');
  expect(airflow.printed('plain', tries)).toContain('first line\nlast line\n');
  expect(await airflow.returned('plain')).toMatchObject({ exitCode: 0, lastLine: 'last line' });
}, 300_000);

it('Airflow tries again after the worker was killed, and the retry finds the job on the PC', async () => {
  const [go, starts] = [join(pc.home, 'go'), join(pc.home, 'starts')];
  await airflow.setCommand(
    `echo started >> ${starts}; echo begin; while [ ! -e ${go} ]; do sleep 0.1; done; echo end`,
  );
  await airflow.trigger('killed');
  const begun = async () => {
    const { state, try_number: tries } = await airflow.task('killed');
    return state === 'running' && airflow.printed('killed', tries).includes('begin');
  };
  await until('the job runs', begun);
  const { pid, try_number: first } = await airflow.task('killed');
  process.kill(pid!, 'SIGKILL');
  await until('the next try', async () => (await airflow.task('killed')).try_number > first && begun());
  await writeFile(go, '');
  await until('the task succeeds', succeeded('killed'));
  const { try_number: last } = await airflow.task('killed');
  expect(airflow.printed('killed', last)).toContain('begin\nend\n');
  expect(await readFile(starts, 'utf8')).toBe('started\n');
}, 600_000);
