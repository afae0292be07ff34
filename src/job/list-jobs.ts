import { type Checks, checkOptions, required } from '../check/options.ts';
import { ms } from '../check/values.ts';
import { jobsChecks } from './checks.ts';
import { ask, jobKeeper } from './host/keeper.ts';
import { type JobRecord, statusOf } from './host/record.ts';
import type { JobHost, JobStatus, JobSummary, JobsOptions } from './types.ts';

/** Options of `removeJobs`. */
export interface RemoveJobsOptions extends JobsOptions {
  /**
   * Minimum age in milliseconds, since the job's end or, for a lost job, its start, by the server's clock. Younger jobs
   * are kept.
   */
  olderThan: number;
}

const removeChecks: Checks<RemoveJobsOptions> = { ...jobsChecks, olderThan: required(ms(0)) };

/**
 * Lists all jobs in the job folder on the server, oldest first.
 * @throws {JobAccessFailed} if the server could not list them.
 */
export async function listJobs(host: JobHost, options: JobsOptions = {}): Promise<JobSummary[]> {
  checkOptions(options, jobsChecks);
  return [...(await records(host, options))].map(([id, record]) => summaryOf(id, record)).sort(byStart);
}

/**
 * Removes jobs that have ended. A job's folder is kept after its end, so that a retry finds the result, until
 * `job.remove()` or this function removes it. Resolves with the ids of the removed jobs. Safe to call from several
 * programs at once.
 * @throws {JobAccessFailed} if the server could not list the jobs or remove one of them.
 */
export async function removeJobs(host: JobHost, options: RemoveJobsOptions): Promise<string[]> {
  checkOptions(options, removeChecks);
  const keeper = jobKeeper(host, options.dir);
  const removed: string[] = [];
  for (const [id, record] of await records(host, options)) {
    if (!isOver(statusOf(record)) || ageOf(record) < options.olderThan) continue;
    const removal = await ask(keeper, id, (commands) => commands.remove(id), options.signal);
    if (removal === 'removed') removed.push(id);
  }
  return removed;
}

async function records(host: JobHost, { dir, signal }: JobsOptions): Promise<Map<string, JobRecord>> {
  const keeper = jobKeeper(host, dir);
  const all = await ask(keeper, '', (commands) => commands.list(), signal);
  // Ignore folders whose claim names another job, or none.
  return new Map([...all].filter(([id, record]) => record.claim?.id === id));
}

function summaryOf(id: string, record: JobRecord): JobSummary {
  const { claim, exit } = record;
  return {
    id,
    status: statusOf(record),
    startedAt: new Date(claim?.at ?? 0),
    endedAt: exit ? new Date(exit.at) : undefined,
  };
}

function isOver(status: JobStatus): boolean {
  return status.state !== 'running';
}

/** Milliseconds, all by the server's clock, which may differ from the local one. */
function ageOf({ now, exit, claim }: JobRecord): number {
  return now - (exit?.at ?? claim?.at ?? now);
}

function byStart(a: JobSummary, b: JobSummary): number {
  return a.startedAt.getTime() - b.startedAt.getTime();
}
