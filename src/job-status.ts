import { connectViaGateway } from './connect-via-gateway.ts';
import type { JobStatus, JobsOptions } from './job/types.ts';
import type { ConnectOptions } from './options/types.ts';

/**
 * One look at a job: connects, asks, closes. For workers that do not wait, such as a sensor that is asked again and
 * again. A job that the server does not know is `lost`, and says so.
 *
 * @example
 * const status = await jobStatus(pc, jobId('billing', runId));
 * if (status.state === 'running') return 'later';
 *
 * @throws {TypeError | RangeError} for wrong use, before anything opens.
 * @throws {SshError} what `connectViaGateway` throws; {JobAccessFailed} when the server cannot look.
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
