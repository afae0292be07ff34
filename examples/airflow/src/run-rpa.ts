import type { TaskHandlerArgs } from 'apache-airflow-ts-sdk';
import { fromAirflowConnection, type LogRecord, runJob } from 'ssh-via-gateway';
import { jobId } from './job-id.ts';

/**
 * Runs the RPA on a customer's PC. The Airflow connection `rpa_pc` says where, the variable `rpa_command` what.
 *
 * The job outlives the tunnel and this process: when Airflow ends the task or the worker dies, the RPA on the PC runs
 * on, and the next try of the same task finds it by its id and gets all of its output and its result.
 */
export async function runRpa({ ctx, client }: TaskHandlerArgs) {
  const connection = await client.getConnectionOrThrow('rpa_pc');
  const command = await client.getVariableOrThrow('rpa_command');

  const result = await runJob(fromAirflowConnection(connection, { log }), command, {
    id: jobId(ctx),
    // A finished run is there for a worker that died before it could report it; a failed one is started again.
    keep: 'succeeded',
    signal: ctx.signal,
    // Airflow takes what a task prints as its log.
    onOutput: (text) => process.stdout.write(text),
    onErrorOutput: (text) => process.stderr.write(text),
  });
  return { exitCode: result.exitCode, durationMs: result.durationMs, lastLine: lastLine(result.stdout) };
}

function log({ level, message }: LogRecord): void {
  if (level !== 'debug') console.log(`${level}: ${message}`);
}

function lastLine(output: string): string {
  return output.trimEnd().split(/\r?\n/).at(-1) ?? '';
}
