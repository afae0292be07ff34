import { getClient, getContext } from '@apache-airflow/ts-sdk';
import { jobId, runJob } from 'ssh-via-gateway';
import { customerPc } from './customer-pc.ts';

/** Runs the RPA and waits for it: the shortest way, which holds a worker slot for as long as the RPA runs. */
export async function runRpa() {
  const { dagId, taskId, runId, mapIndex, signal } = getContext();
  const command = await getClient().getVariable('rpa_command');
  if (!command) throw new Error('the variable rpa_command is missing');

  const result = await runJob(await customerPc(), command, {
    // The same for every try: the try number is left out on purpose.
    id: jobId('airflow', dagId, taskId, runId, String(mapIndex)),
    keep: 'succeeded',
    signal,
    onOutput: (text) => process.stdout.write(text),
    onErrorOutput: (text) => process.stderr.write(text),
  });
  return { exitCode: result.exitCode, durationMs: result.durationMs };
}
