import { time } from '../args/checks.ts';
import { withConnection } from '../connect/open.ts';
import { encodingOption, wordsOf } from '../exec/options.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { followLogs, printLogs } from '../job/logs.ts';
import { attachOptions, folderOf, startOptions, startOptionsOf } from '../job/options.ts';
import { codeOfEnd, codeOfStatus, statusInWords } from '../job/status.ts';
import type { Connection, JobSummary, RemoteJob } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { table } from '../report/table.ts';
import { inWords } from '../report/times.ts';
import type { Call, Command } from './command.ts';
import { afterDestination } from './positionals.ts';

const about =
  'A job runs on the PC on its own: neither a broken tunnel nor the end of this program ends it. Its output and exit code are kept in a folder on the PC until it is removed.';
const connectionCode = ['255', 'no connection, or it was lost; the job is not touched by that'] as const;
const json = { name: 'json', help: 'print JSON' };
const shared = { connects: true, about: [about] } as const;

export const jobStart: Command = {
  ...shared,
  name: 'job start',
  summary: 'Start a command that outlives the connection, once for each id',
  usage: [
    'job start --id ID [options] DESTINATION COMMAND',
    'job start --id ID [options] DESTINATION -- PROGRAM ARGUMENT...',
  ],
  options: [...startOptions, json],
  hasRest: true,
  examples: [
    [
      'start it; asked again, it is only found',
      'job start --id billing-2026-11-22 pc-of-kim "C:\\rpa\\run.cmd invoice"',
    ],
    ['then watch it; Ctrl-C leaves it running', 'job logs --follow pc-of-kim billing-2026-11-22'],
  ],
  exitCodes: [
    ['0', 'it was started, or was there already'],
    ['1', 'it could not be started, or the id belongs to another command'],
    connectionCode,
  ],
  async run({ settings, positionals, rest, io }) {
    const words = wordsOf(rest);
    const options = startOptionsOf(settings);
    return withConnection(positionals[0], { settings, io }, async (connection) => {
      const job = await connection.startJob(words, { ...options, signal: io.signal });
      if (settings.flag('json')) say(io.stdout, jsonText({ ...job.toJSON(), isNew: job.isNew }));
      else say(io.stdout, `${job.id}: ${job.isNew ? 'started' : 'was there already'}`);
      return exitCodes.ok;
    });
  },
};

export const jobStatus: Command = {
  ...shared,
  name: 'job status',
  summary: 'What has become of a job; without an id, of all',
  usage: ['job status [options] DESTINATION [ID]'],
  options: [...attachOptions, json],
  examples: [
    ['one job', 'job status pc-of-kim billing-2026-11-22'],
    ['all jobs of the PC', 'job status pc-of-kim'],
  ],
  exitCodes: [
    ['0', 'it succeeded (or all were listed)'],
    ['1', 'it failed or was killed'],
    ['3', 'it runs'],
    ['4', 'it is lost: restarted PC, or no such job'],
    connectionCode,
  ],
  async run(call) {
    const { settings, io, positionals } = call;
    const isNamed = settings.text('customer') !== undefined;
    if (positionals.length <= (isNamed ? 0 : 1)) {
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

export const jobLogs: Command = {
  ...shared,
  name: 'job logs',
  summary: 'Print the output of a job, from its beginning',
  usage: ['job logs [options] DESTINATION ID'],
  options: [
    { name: 'follow', short: 'f', help: 'go on until the job is over; its exit code is then yours' },
    encodingOption,
    ...attachOptions,
  ],
  examples: [['watch a job of a Korean PC', 'job logs -f --encoding cp949 pc-of-kim billing-2026-11-22']],
  exitCodes: [
    ['0', 'printed; with --follow: the exit code of the job'],
    ['1', 'there is no such job'],
    ['130', 'Ctrl-C; the job runs on'],
    connectionCode,
  ],
  run: (call) =>
    withJob(call, async (job) => {
      if (call.settings.flag('follow')) return codeOfEnd((await followLogs(job, call.io)).status, call.io);
      await printLogs(job, call.io);
      return exitCodes.ok;
    }),
};

export const jobKill: Command = {
  ...shared,
  name: 'job kill',
  summary: 'End a job and what it started',
  usage: ['job kill [options] DESTINATION ID'],
  options: [
    {
      name: 'grace',
      value: 'TIME',
      check: time({ shortest: 0, longest: 60_000, none: false }),
      help: 'between the polite signal and the final one. Default 5s',
    },
    ...attachOptions,
  ],
  examples: [['end it', 'job kill pc-of-kim billing-2026-11-22']],
  exitCodes: [['0', 'it is over'], ['1', 'it still runs'], ['4', 'there is no such job'], connectionCode],
  run: (call) =>
    withJob(call, async (job) => {
      const grace = call.settings.duration('grace');
      const status = await job.kill({ signal: call.io.signal, ...(grace === undefined ? {} : { grace }) });
      say(call.io.stdout, `${job.id}: ${statusInWords(status)}`);
      if (status.state === 'lost') return codeOfStatus(status);
      return status.state === 'running' ? exitCodes.failed : exitCodes.ok;
    }),
};

export const jobRemove: Command = {
  ...shared,
  name: 'job remove',
  summary: 'Delete what a finished job left on the PC: the id is free again',
  usage: ['job remove [options] DESTINATION ID'],
  options: attachOptions,
  examples: [['after its result has been taken', 'job remove pc-of-kim billing-2026-11-22']],
  exitCodes: [['0', 'it is gone'], ['1', 'it still runs'], connectionCode],
  run: (call) =>
    withJob(call, async (job) => {
      await job.remove({ signal: call.io.signal });
      return exitCodes.ok;
    }),
};

function withJob(call: Call, work: (job: RemoteJob<Buffer> | RemoteJob) => Promise<number>): Promise<number> {
  const { destination, values } = afterDestination(call, ['ID']);
  const [id = ''] = values;
  const folder = folderOf(call.settings);
  const encoding = call.settings.text('encoding');
  return withConnection(destination, call, (connection) =>
    work(
      encoding === undefined
        ? connection.job(id, { ...folder, encoding: 'buffer' })
        : connection.job(id, { ...folder, encoding }),
    ),
  );
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
  return [id, startedAt.toISOString().slice(0, 19), took, statusInWords(status)];
}
