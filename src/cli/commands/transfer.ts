import { stat } from 'node:fs/promises';
import { given } from '../../check/given.ts';
import { defaultTransfer } from '../../sftp/transfer/options.ts';
import { printable, quoted } from '../../text/printable.ts';
import { oneOf, time } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { asTime } from '../args/values.ts';
import { withConnection } from '../connect/open.ts';
import { exitCodes } from '../exit-codes.ts';
import { say } from '../io.ts';
import type { Connection, TransferOptions, TransferProgress, TransferResult } from '../library.ts';
import { ProgressBar } from '../progress/bar.ts';
import { inBytes } from '../report/bytes.ts';
import { jsonText } from '../report/json.ts';
import { inWords } from '../report/times.ts';
import { stoppedWith } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, CliCommand } from './command.ts';
import { afterDestination } from './positionals.ts';

const options: readonly OptionSpec[] = [
  { name: 'resume', help: 'continue what an earlier call left unfinished, after checking what is there' },
  {
    name: 'verify',
    value: 'WHAT',
    check: oneOf('size', 'sha256', 'none'),
    help: 'before the file gets its name, check its size, sha256, or none',
    default: String(defaultTransfer.verify),
  },
  { name: 'preserve', help: 'keep permissions and the time of last change' },
  {
    name: 'in-place',
    help: 'write into the target itself: no temporary file, and no old file left if the transfer breaks',
  },
  {
    name: 'stall-timeout',
    value: 'TIME',
    check: time(),
    help: 'give up if no byte moves for this long',
    default: asTime(defaultTransfer.stallTimeout),
  },
  { name: 'json', help: 'print the result as JSON' },
];

const shared = {
  options,
  connects: true,
  exitCodes: [
    ['0', 'everything was transferred and checked'],
    ['1', 'it was not; the target is the old file or nothing'],
    ['2', 'wrong use'],
    ['130', 'stopped by Ctrl-C'],
    ['255', 'no connection, or it was lost'],
  ],
} as const;

const safety =
  'A file appears under its name only when it is whole and checked; until then it has a temporary name in the same folder. C:\\rpa\\in.json, C:/rpa/in.json and /C:/rpa/in.json are the same path on a Windows PC. On a terminal a bar shows progress, speed and the time left.';

type Move = (
  connection: Connection,
  values: readonly [string, string],
  options: TransferOptions,
) => Promise<TransferResult>;

export const putCommand: CliCommand = {
  ...shared,
  name: 'put',
  summary: 'Upload a file or a folder to the PC',
  usage: ['put [options] DESTINATION LOCAL REMOTE'],
  about: [safety],
  examples: [
    ['a file', 'put rpa@gateway.example.com:9012 in.json C:\\rpa\\in.json'],
    [
      'a large one over a line that breaks: repeat until it is there',
      'put --resume --verify sha256 pc-of-kim image.vhdx D:/image.vhdx',
    ],
    ['a folder', 'put pc-of-kim ./robot C:/rpa/robot'],
  ],
  run: (call) =>
    transfer(call, ['LOCAL', 'REMOTE'], (connection, [local, remote], how) =>
      connection.upload(local, remote, how),
    ),
};

export const getCommand: CliCommand = {
  ...shared,
  name: 'get',
  summary: 'Download a file or a folder from the PC',
  usage: ['get [options] DESTINATION REMOTE LOCAL'],
  about: [safety, 'Names that the server sends cannot leave the target folder.'],
  examples: [
    ['a file', 'get rpa@gateway.example.com:9012 C:\\rpa\\out.xlsx out.xlsx'],
    ['a folder with its times', 'get --preserve pc-of-kim C:/rpa/logs ./logs'],
  ],
  run: (call) =>
    transfer(call, ['REMOTE', 'LOCAL'], (connection, [remote, local], how) =>
      connection.download(remote, local, how),
    ),
};

async function transfer(call: Call, names: readonly [string, string], move: Move): Promise<number> {
  const { settings, io } = call;
  const { destination, values } = afterDestination(call, names);
  if (names[0] === 'LOCAL') await checkSource(values[0]!);
  const how = transferOptionsOf(settings);
  const bar = new ProgressBar(io.stderr);
  let moved: TransferProgress | undefined;
  const onProgress = (progress: TransferProgress) => {
    moved = progress;
    if (!settings.flag('quiet')) bar.update(progress);
  };
  const working = withConnection(destination, { settings, io }, async (connection) => {
    try {
      return await move(connection, [values[0]!, values[1]!], {
        ...how,
        signal: io.signal,
        onProgress,
      });
    } finally {
      bar.clear();
    }
  });
  const result = await working.catch((error) => {
    throw stoppedWith(error, { known: keptOf(moved, values[1]!, settings) });
  });
  if (settings.flag('json')) say(io.stdout, jsonText(result));
  else if (!settings.flag('quiet')) say(io.stderr, inShort(result));
  return exitCodes.ok;
}

/** Reports what can be seen locally before anything is opened. */
async function checkSource(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code);
  if (found === 'ENOENT' || found === 'ENOTDIR') {
    throw new UsageError(`LOCAL: there is no file or folder ${quoted(path)}`);
  }
}

/** What a stopped transfer leaves behind, and how to continue it. */
function keptOf(moved: TransferProgress | undefined, target: string, settings: Call['settings']): string {
  const name = printable(target);
  if (moved === undefined || moved.transferred === 0) {
    return `stopped before anything was transferred: ${name} is as it was`;
  }
  const amount = `${inBytes(moved.transferred)}${moved.total === undefined ? '' : ` of ${inBytes(moved.total)}`}`;
  if (settings.flag('in-place')) {
    return `stopped after ${amount}: ${name} is incomplete. The same call with --resume continues it`;
  }
  const whole = `stopped after ${amount}: ${name} is unchanged, absent or complete, but never half-written`;
  const files =
    moved.files > 0 ? `. ${moved.files === 1 ? '1 file is' : `${moved.files} files are`} complete` : '';
  return settings.flag('resume')
    ? `${whole}${files}. What arrived is kept beside it: the same call continues from there`
    : `${whole}${files}. With --resume, what arrives is kept for the next call`;
}

function transferOptionsOf(settings: Call['settings']): TransferOptions {
  const verify = settings.choice('verify', ['size', 'sha256', 'none']);
  const stallTimeout = settings.duration('stall-timeout');
  return {
    ...(settings.flag('resume') ? { resume: true } : {}),
    ...(settings.flag('preserve') ? { preserve: true } : {}),
    ...(settings.flag('in-place') ? { atomic: false } : {}),
    ...(verify === undefined ? {} : { verify: verify === 'none' ? false : verify }),
    ...given({ stallTimeout }),
  };
}

function inShort({ files, bytes, durationMs, bytesPerSecond }: TransferResult): string {
  const what = files === 1 ? '1 file' : `${files} files`;
  return `${what}, ${inBytes(bytes)} in ${inWords(durationMs)} (${inBytes(bytesPerSecond)}/s)`;
}
