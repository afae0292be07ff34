import { checkOptions } from '../check/options.ts';
import type { Encoding } from '../exec/types.ts';
import { attachChecks } from './checks.ts';
import { jobKeeper } from './host/keeper.ts';
import { checkJobId } from './job-id.ts';
import { RemoteJob } from './remote-job.ts';
import type { AttachJobOptions, JobHost } from './types.ts';

/**
 * A handle for the job with this id. Does not contact the server.
 * @throws {TypeError | RangeError} for an invalid id or invalid options.
 */
export function attachJob(
  host: JobHost,
  id: string,
  options: AttachJobOptions & { encoding: 'buffer' },
): RemoteJob<Buffer>;
export function attachJob(
  host: JobHost,
  id: string,
  options?: AttachJobOptions & { encoding?: Encoding | undefined },
): RemoteJob;
export function attachJob(
  host: JobHost,
  id: string,
  options: AttachJobOptions = {},
): RemoteJob<string | Buffer> {
  checkJobId(id);
  checkOptions(options, attachChecks);
  const { dir, encoding = 'utf8' } = options;
  return new RemoteJob(jobKeeper(host, dir), id, { isNew: false, encoding });
}
