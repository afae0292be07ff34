import { given } from '../../check/given.ts';
import { time } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import { withConnection } from '../connect/open.ts';
import { exitCodeOfEnd } from '../exec/exit-code.ts';
import { encodingOption, surroundingOptions, surroundingsOf } from '../exec/options.ts';
import { type RemoteOptions, runRemote } from '../exec/run-remote.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandTimeout, type Connection, isSshError } from '../library.ts';
import { reportFailure } from '../report/failure.ts';
import { stoppedWith } from '../stopped.ts';
import type { Call, CliCommand } from './command.ts';
import { commandAfterDestination } from './positionals.ts';

const options: readonly OptionSpec[] = [
  ...surroundingOptions,
  encodingOption,
  {
    name: 'timeout',
    value: 'TIME',
    check: time(),
    help: 'stop the command after this time on the server',
    default: 'none',
  },
  { name: 'tty', short: 't', help: 'use a pseudo-terminal: stderr is mixed into stdout' },
  { name: 'no-stdin', short: 'n', help: 'give the command no input; needed in the background' },
];

export const execCommand: CliCommand = {
  name: 'exec',
  summary: 'Run a command on the PC, with its output and exit code',
  usage: ['exec [options] DESTINATION COMMAND', 'exec [options] DESTINATION -- PROGRAM ARGUMENT...'],
  about: [
    'One word is a command line for the shell of the server, sent as it is. Several words are a program and its arguments, quoted so that each arrives as it was typed: pipes and && do not work there, and blanks cannot break anything.',
    'The output passes through byte for byte. Ctrl-C stops the command on the server, and says so if it could not; a second Ctrl-C leaves at once. A lost connection is never a success.',
  ],
  options,
  connects: true,
  hasRest: true,
  examples: [
    ['a command line for the shell', 'exec rpa@gateway.example.com:9012 "cd C:\\rpa && run.cmd invoice"'],
    [
      'a program with its arguments, quoted for you',
      'exec pc-of-kim -- C:\\rpa\\run.exe "2026 invoices.xlsx"',
    ],
    ['Korean Windows: readable output', 'exec --encoding cp949 pc-of-kim dir'],
    ['input from a file, output into one', 'exec pc-of-kim sort < names.txt > sorted.txt'],
  ],
  exitCodes: [
    ['0-254', 'the exit code of the command'],
    ['128+n', 'the command was ended by signal n, or you stopped it (130: Ctrl-C)'],
    ['124', 'the command was stopped after --timeout'],
    ['2', 'wrong use (or the command itself ended with 2)'],
    ['255', 'no connection, connection lost, or the command could not be run'],
  ],
  async run(call) {
    const { settings, io } = call;
    const { destination, words } = commandAfterDestination(call);
    const execOptions = execOptionsOf(settings);
    try {
      return await withConnection(destination, { settings, io }, (connection) =>
        runAndReport(connection, words, execOptions, { settings, io }),
      );
    } catch (error) {
      const known = 'stopped before the connection was up: the command was not started';
      throw stoppedWith(error, { started: false, known });
    }
  },
};

/** A failure of ours must not look like one of the command's exit codes. */
async function runAndReport(
  connection: Connection,
  words: string | readonly string[],
  options: RemoteOptions,
  { settings, io }: Pick<Call, 'settings' | 'io'>,
): Promise<number> {
  try {
    return exitCodeOfEnd(await runRemote(connection, words, options, io), io);
  } catch (error) {
    if (!isSshError(error)) throw error;
    const exitCode = error instanceof CommandTimeout ? exitCodes.commandTimeout : exitCodes.connection;
    return reportFailure(error, io, { exitCode, verbose: settings.flag('verbose') });
  }
}

function execOptionsOf(settings: Call['settings']): RemoteOptions {
  const timeout = settings.duration('timeout');
  return {
    takesInput: !settings.flag('no-stdin'),
    encoding: settings.text('encoding'),
    common: {
      ...surroundingsOf(settings),
      ...given({ timeout }),
      ...(settings.flag('tty') ? { pty: true } : {}),
    },
  };
}
