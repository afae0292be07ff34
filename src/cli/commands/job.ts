import { checkJobId } from '../../job/job-id.ts';
import { defaultGrace } from '../../job/remote-job.ts';
import { printable } from '../../text/printable.ts';
import { asLibrary, count, time } from '../args/checks.ts';
import { asTime } from '../args/values.ts';
import { withConnection } from '../connect/open.ts';
import { isSaidElsewhere } from '../connect/where.ts';
import { encodingOption } from '../exec/options.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { followLogs, printLogs } from '../job/logs.ts';
import { attachOptions, folderOf, startOptions, startOptionsOf } from '../job/options.ts';
import { codeOfEnd, codeOfStatus, statusInWords } from '../job/status.ts';
import type { Connection, JobSummary, RemoteJob, StartJobOptions } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { table } from '../report/table.ts';
import { inWords } from '../report/times.ts';
import { stoppedWith } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { afterDestination, commandAfterDestination } from './positionals.ts';

const about =
  'A job runs on the PC on its own: neither a broken tunnel nor the end of this program ends it. Its output and exit code are kept in a folder on the PC until it is removed.';
const connectionCode = ['255', 'no connection, or it was lost; this does not affect the job'] as const;
const json = { name: 'json', help: 'print JSON' };
const shared = { connects: true, about: [about] } as const;

export const jobStart: CliCommand = {
  ...shared,
  name: 'job start',
  summary: 'Start a command that outlives the connection, once for each id',
  usage: [
    'job start --id ID [options] DESTINATION COMMAND',
    'job start --id ID [options] DESTINATION -- PROGRAM ARGUMENT...',
  ],
  options: [
    ...startOptions,
    { name: 'follow', short: 'f', help: 'then print its output until it ends, and exit with its code' },
    encodingOption,
    json,
  ],
  hasRest: true,
  examples: [
    [
      'start it; a second call only finds it',
      'job start --id billing-2026-11-22 pc-of-kim "C:\\rpa\\run.cmd invoice"',
    ],
    [
      'start it and watch it',
      'job start --follow --id billing-2026-11-22 pc-of-kim "C:\\rpa\\run.cmd invoice"',
    ],
    ['then watch it; Ctrl-C leaves it running', 'job logs --follow pc-of-kim billing-2026-11-22'],
  ],
  exitCodes: [
    ['0', 'it was started, or was there already; with --follow: the exit code of the job'],
    ['1', 'it could not be started, or the id belongs to another command'],
    ['2', 'wrong use'],
    connectionCode,
  ],
  async run(call) {
    const { settings, io } = call;
    const { destination, words } = commandAfterDestination(call);
    const options = startOptionsOf(settings);
    const follows = settings.flag('follow');
    if (follows && settings.flag('json')) throw new UsageError('--follow and --json exclude each other');
    if (!follows && settings.isGiven('encoding'))
      throw new UsageError('--encoding only works with --follow: without it, no output is shown');
    let known = `stopped: it is not known whether job ${options.id} was started. Repeating the call starts it at most once`;
    try {
      return await withConnection(destination, { settings, io }, async (connection) => {
        const job = await startIn(connection, words, { ...options, signal: io.signal }, call);
        known = runsOn(options.id, destination, settings);
        if (settings.flag('json')) say(io.stdout, jsonText({ ...job.toJSON(), isNew: job.isNew }));
        // With --follow, stdout carries the job's output.
        else
          say(follows ? io.stderr : io.stdout, `${job.id}: ${job.isNew ? 'started' : 'was there already'}`);
        if (!follows) return exitCodes.ok;
        const { status } = await followLogs(
          job,
          { tail: undefined, encoding: settings.text('encoding') },
          io,
        );
        return codeOfEnd(status, io);
      });
    } catch (error) {
      throw stoppedWith(error, { known });
    }
  },
};

export const jobStatus: CliCommand = {
  ...shared,
  name: 'job status',
  summary: 'Show the state of a job or, without an id, of all jobs',
  usage: ['job status [options] DESTINATION [ID]'],
  options: [...attachOptions, json],
  examples: [
    ['one job', 'job status pc-of-kim billing-2026-11-22'],
    ['all jobs of the PC', 'job status pc-of-kim'],
  ],
  exitCodes: [
    ['0', 'it succeeded (or all were listed)'],
    ['1', 'it failed or was killed'],
    ['2', 'wrong use'],
    ['3', 'it runs'],
    ['4', 'it is lost: restarted PC, or no such job'],
    connectionCode,
  ],
  async run(call) {
    const { settings, io, positionals } = call;
    if (positionals.length === 0 || (positionals.length === 1 && !isSaidElsewhere(call))) {
      return withConnection(positionals[0], call, (connection) => listAll(connection, settings, io));
    }
    return withJob(call, async (job) => {
      const status = await job.status({ signal: io.signal });
      say(
        io.stdout,
        settings.flag('json') ? jsonText({ id: job.id, ...status }) : `${job.id}: ${statusInWords(status)}`,
      );
      return codeOfStatus(status);
    });
  },
};

export const jobLogs: CliCommand = {
  ...shared,
  name: 'job logs',
  summary: 'Print the output of a job, from its beginning',
  usage: ['job logs [options] DESTINATION ID'],
  options: [
    { name: 'follow', short: 'f', help: 'go on until the job is over, and exit with its code' },
    {
      name: 'tail',
      value: 'N',
      check: count(0),
      help: 'begin with the last N lines of stdout and of stderr',
      default: 'from the beginning',
    },
    encodingOption,
    ...attachOptions,
  ],
  examples: [['watch a job of a Korean PC', 'job logs -f --encoding cp949 pc-of-kim billing-2026-11-22']],
  exitCodes: [
    ['0', 'printed; with --follow: the exit code of the job'],
    ['1', 'there is no such job'],
    ['2', 'wrong use'],
    ['130', 'Ctrl-C; the job keeps running'],
    connectionCode,
  ],
  run: (call) =>
    withJob(call, async (job) => {
      const options = {
        tail: call.settings.wholeNumber('tail', 0),
        encoding: call.settings.text('encoding'),
      };
      if (call.settings.flag('follow')) {
        return codeOfEnd((await followLogs(job, options, call.io)).status, call.io);
      }
      await printLogs(job, options, call.io);
      return exitCodes.ok;
    }),
};

export const jobKill: CliCommand = {
  ...shared,
  name: 'job kill',
  summary: 'End a job and everything it started',
  usage: ['job kill [options] DESTINATION ID'],
  options: [
    {
      name: 'grace',
      value: 'TIME',
      check: time({ shortest: 0, longest: 60_000, none: false }),
      help: 'between SIGTERM and SIGKILL',
      default: asTime(defaultGrace),
    },
    ...attachOptions,
  ],
  examples: [['end it', 'job kill pc-of-kim billing-2026-11-22']],
  exitCodes: [
    ['0', 'it is over'],
    ['1', 'it still runs'],
    ['2', 'wrong use'],
    ['4', 'there is no such job'],
    connectionCode,
  ],
  run: (call) =>
    withJob(
      call,
      async (job) => {
        const grace = call.settings.duration('grace');
        const status = await job.kill({ signal: call.io.signal, ...(grace === undefined ? {} : { grace }) });
        say(call.io.stdout, `${job.id}: ${statusInWords(status)}`);
        if (status.state === 'lost') return codeOfStatus(status);
        return status.state === 'running' ? exitCodes.failed : exitCodes.ok;
      },
      'ended',
    ),
};

export const jobRemove: CliCommand = {
  ...shared,
  name: 'job remove',
  summary: 'Delete what a finished job left on the PC; its id is free again',
  usage: ['job remove [options] DESTINATION ID'],
  options: attachOptions,
  examples: [['once its result has been fetched', 'job remove pc-of-kim billing-2026-11-22']],
  exitCodes: [['0', 'it is gone'], ['1', 'it still runs'], ['2', 'wrong use'], connectionCode],
  run: (call) =>
    withJob(
      call,
      async (job) => {
        await job.remove({ signal: call.io.signal });
        return exitCodes.ok;
      },
      'removed',
    ),
};

/** `done` says what the work does to the job, if anything. */
function withJob(
  call: Call,
  work: (job: RemoteJob<Buffer> | RemoteJob) => Promise<number>,
  done?: 'ended' | 'removed',
): Promise<number> {
  const { destination, values } = afterDestination(call, ['ID']);
  const [id = ''] = values;
  asLibrary((_name, value) => checkJobId(value))(id, 'ID');
  const folder = folderOf(call.settings);
  const encoding = call.settings.text('encoding');
  let known = runsOn(id, destination, call.settings);
  const working = withConnection(destination, call, (connection) => {
    if (done) known = `stopped: it is not known whether job ${id} was ${done}; job status tells`;
    return work(
      encoding === undefined
        ? connection.job(id, { ...folder, encoding: 'buffer' })
        : connection.job(id, { ...folder, encoding }),
    );
  });
  return working.catch((error) => {
    throw stoppedWith(error, { known });
  });
}

/** Starts the job with its output as text or bytes, as the options ask. */
function startIn(
  connection: Connection,
  words: string | readonly string[],
  options: StartJobOptions,
  { settings }: Call,
): Promise<RemoteJob<Buffer> | RemoteJob> {
  const encoding = settings.text('encoding');
  return encoding === undefined
    ? connection.startJob(words, { ...options, encoding: 'buffer' })
    : connection.startJob(words, { ...options, encoding });
}

/** Says that a stop leaves the job running, and how to get back to it. */
function runsOn(id: string, destination: string | undefined, settings: Call['settings']): string {
  const code = settings.isArgument('customer') ? `-c ${settings.text('customer')}` : undefined;
  const to = code ?? (destination === undefined ? '' : printable(destination));
  const line = ['ssh-via-gateway job logs --follow', to, id].filter(Boolean).join(' ');
  return `stopped: job ${id} is not affected, and keeps running if it has not ended. To return to it, with the same options: ${line}`;
}

async function listAll(connection: Connection, settings: Call['settings'], io: Io): Promise<number> {
  const jobs = await connection.listJobs({ ...folderOf(settings), signal: io.signal });
  if (settings.flag('json')) say(io.stdout, jsonText(jobs));
  else if (jobs.length === 0) say(io.stdout, 'No jobs.');
  else for (const line of table(['ID', 'STARTED', 'TOOK', 'STATUS'], jobs.map(rowOf))) say(io.stdout, line);
  return exitCodes.ok;
}

function rowOf({ id, status, startedAt, endedAt }: JobSummary): string[] {
  const took = endedAt ? inWords(Math.max(0, endedAt.getTime() - startedAt.getTime())) : '';
  return [id, `${startedAt.toISOString().slice(0, 19)}Z`, took, statusInWords(status)];
}
