import { connectViaGateway } from './connect-via-gateway.ts';
import type { JobStatus, JobsOptions } from './job/types.ts';
import type { ConnectOptions } from './options/types.ts';

/**
 * Connects, reads the state of a job, and closes. For workers that do not wait, such as a sensor that polls. A job
 * that the server does not know is `lost`.
 *
 * @example
 * const status = await jobStatus(pc, jobId('billing', runId));
 * if (status.state === 'running') return 'later';
 *
 * @throws {TypeError | RangeError} for wrong arguments, before anything opens.
 * @throws {SshError} whatever `connectViaGateway` throws; {JobAccessFailed} if the server cannot read the state.
 */
export async function jobStatus(
  connectOptions: ConnectOptions,
  id: string,
  options: JobsOptions = {},
): Promise<JobStatus> {
  const { checkJobsOptions } = await import('./job/checks.ts');
  checkJobsOptions(id, options);
  const { signal, dir } = options;
  const both = signal && connectOptions.signal ? AbortSignal.any([signal, connectOptions.signal]) : signal;
  const connection = await connectViaGateway(both ? { ...connectOptions, signal: both } : connectOptions);
  try {
    return await connection.job(id, { dir }).status({ signal });
  } finally {
    await connection.close();
  }
}
