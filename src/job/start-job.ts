import { checkOptions } from '../check/options.ts';
import { JobConflict } from '../errors/index.ts';
import type { Encoding } from '../exec/types.ts';
import { debugTopic } from '../observe/debug.ts';
import { startChecks } from './checks.ts';
import type { StartRequest } from './host/commands.ts';
import { accessFailed, ask, type JobKeeper, jobDetails, jobKeeper } from './host/keeper.ts';
import { type JobRecord, removedMeanwhile } from './host/record.ts';
import { resolveStart } from './options.ts';
import { jobLost } from './output/output-reader.ts';
import { RemoteJob } from './remote-job.ts';
import type { JobHost, StartJobOptions } from './types.ts';

const debug = debugTopic('job');

/**
 * Starts a command that outlives the connection, or finds it if it was already started: the same id is never started
 * twice, however many callers there are and wherever they fail.
 *
 * @throws {JobConflict} if another command was started under this id.
 * @throws {JobAccessFailed} if the server could not start it, or did not answer in time. Calling again with the same id
 *   is safe.
 * @throws {TypeError | RangeError} for invalid options; nothing is sent.
 * @throws {ConnectionLost} if the connection was lost. It is then not known whether the job was started; calling again
 *   with the same id is safe.
 */
export async function startJob(
  host: JobHost,
  command: string | readonly string[],
  options: StartJobOptions & { encoding: 'buffer' },
): Promise<RemoteJob<Buffer>>;
export async function startJob(
  host: JobHost,
  command: string | readonly string[],
  options: StartJobOptions & { encoding?: Encoding | undefined },
): Promise<RemoteJob>;
export async function startJob(
  host: JobHost,
  command: string | readonly string[],
  options: StartJobOptions,
): Promise<RemoteJob<string | Buffer>> {
  checkOptions(options, startChecks);
  const request = resolveStart(command, options, host.windows);
  const keeper = jobKeeper(host, options.dir);
  const isNew = await startOnce(keeper, request, options.signal);
  return new RemoteJob(keeper, request.id, { isNew, encoding: options.encoding ?? 'utf8' });
}

const startVanished = 'the process that runs jobs ended at once, or the job was removed meanwhile';

/** Starts the job unless it exists. Resolves with whether this call started it. */
export async function startOnce(
  keeper: JobKeeper,
  request: StartRequest,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { id } = request;
  for (let tries = 1; ; tries++) {
    const { record, isNew, failure } = await ask(keeper, id, (commands) => commands.start(request), signal);
    if (record?.claim) {
      checkSame(keeper.host, request, record);
      debug('%s %s', id, isNew ? 'started' : 'was there already');
      return isNew;
    }
    if (isNew) throw jobLost(keeper.host, id, removedMeanwhile);
    // Neither a job nor a reason: another caller has just removed it.
    if (failure || tries >= 5) throw accessFailed(keeper.host, id, failure ?? startVanished);
  }
}

/** Checks that a started job still exists. @throws {JobLost} if it has been removed. */
export async function findAgain(
  keeper: JobKeeper,
  request: StartRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { record } = await ask(keeper, request.id, (commands) => commands.look(request.id), signal);
  if (!record?.claim) throw jobLost(keeper.host, request.id, removedMeanwhile);
  checkSame(keeper.host, request, record);
}

function checkSame({ where }: JobHost, { id, fingerprint }: StartRequest, { claim }: JobRecord): void {
  if (claim?.id === id && claim.fingerprint === fingerprint) return;
  const reason =
    claim?.id === id
      ? 'another command (or the same with another cwd, env or shell) was started under this id'
      : `file names on the server ignore case, and ${claim?.id} is taken`;
  throw new JobConflict(`Job ${id} on ${where.host}:${where.port} is not this job: ${reason}`, {
    ...jobDetails(where, id, reason),
    hint: 'Use another id, or remove the old job if its result is no longer needed.',
  });
}
