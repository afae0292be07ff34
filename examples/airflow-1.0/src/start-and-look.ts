import { Dag, getClient, getContext } from '@apache-airflow/ts-sdk';
import { connectViaGateway, type JobEnd, jobId, jobStatus } from 'ssh-via-gateway';
import { customerPc } from './customer-pc.ts';

/** The job of this Dag run: all three tasks mean the same one. */
function rpaJob(): string {
  const { dagId, runId } = getContext();
  return jobId('airflow', dagId, runId);
}

/** Starts the RPA, or finds that an earlier try has started it, and ends. */
export async function startRpa() {
  const { signal } = getContext();
  const command = await getClient().getVariable('rpa_command');
  if (!command) throw new Error('the variable rpa_command is missing');
  await using connection = await connectViaGateway({ ...(await customerPc()), signal });
  const job = await connection.startJob(command, { id: rpaJob(), signal });
  return { id: job.id, isNew: job.isNew };
}

/**
 * One look for each try. While the RPA runs, the try fails, which gives the worker slot back; Airflow's scheduler
 * waits `retryDelay`, and tries again. How the RPA ended is a result, not a failure: nothing is gained by a retry.
 */
export async function waitForRpa(): Promise<JobEnd['status']> {
  const { signal } = getContext();
  const status = await jobStatus(await customerPc(), rpaJob(), { signal });
  if (status.state === 'running') throw new Error('the RPA still runs: looked at again after retryDelay');
  return status;
}

/** Puts the output into the task log, and fails for good where the RPA did. */
export async function reportRpa({ status }: Pick<JobEnd, 'status'>) {
  if (status.state === 'lost') throw new Error(`nobody knows how far the RPA came: ${status.reason}`);
  const { signal } = getContext();
  await using connection = await connectViaGateway({ ...(await customerPc()), signal });
  for await (const { stdout, stderr } of connection.job(rpaJob()).follow({ signal })) {
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  if (status.state === 'killed') throw new Error('the RPA was killed');
  if (status.exitCode !== 0) throw new Error(`the RPA ended with ${status.exitCode}`);
  return { exitCode: status.exitCode };
}

/** A Dag of TypeScript alone. A look a minute, for at most a day; durations of Airflow are seconds. */
export const startAndLook = new Dag('rpa_start_and_look', { catchup: false, queue: 'typescript' });

const start = startAndLook.task('start_rpa', startRpa, { retries: 5, retryDelay: 30 });
const wait = startAndLook.task('wait_for_rpa', waitForRpa, {
  retries: 24 * 60,
  retryDelay: 60,
  emailOnRetry: false,
});
const report = startAndLook.task('report_rpa', reportRpa);

report({ status: wait().after(start()) });
