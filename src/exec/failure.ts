import {
  ChannelTimeout,
  CommandFailed,
  CommandTimeout,
  ConnectionLost,
  OutputLimitExceeded,
  type OutputSoFar,
  type SshError,
} from '../errors/index.ts';
import type { ChannelOutcome } from '../ssh2/channels/session-channel.ts';
import { whyOf, withWarning } from '../ssh2/transport/lost-on-the-way.ts';
import { printable, quoted } from '../text/printable.ts';
import { exitHint, shownExitCode } from './exit-codes.ts';
import type { Output } from './output/output.ts';
import type { Terminated } from './stop/stop.ts';
import type { SessionOpener } from './types.ts';

/** What every error of a command needs. */
export interface Account {
  where: SessionOpener['where'];
  output: OutputSoFar;
  truncated: boolean;
  /** The last lines of stderr, decoded, for the message. */
  lastWords: string;
}

export function accountOf(
  where: Account['where'],
  command: string,
  { stdout, stderr }: { stdout: Output; stderr: Output },
  durationMs: number,
): Account {
  return {
    where,
    output: { command, stdout: stdout.result(), stderr: stderr.result(), durationMs },
    truncated: stdout.truncated || stderr.truncated,
    lastWords: lastWords(stderr.tail()),
  };
}

export interface Ending {
  exitCode: number | null;
  signal: string | null;
  /** Set when `kill` was called. */
  terminated?: Terminated | undefined;
  /** `kill` was called before the command had started. */
  notStarted?: boolean;
}

/** The ending of a command that ended by itself. */
export function endingOf(outcome: Exclude<ChannelOutcome, { kind: 'lost' }>): Ending {
  if (outcome.kind === 'exit') return { exitCode: outcome.exitCode, signal: null };
  return { exitCode: null, signal: outcome.kind === 'signal' ? outcome.signal : null };
}

export function commandFailed(account: Account, ending: Ending): CommandFailed {
  const { exitCode, signal, terminated } = ending;
  const said = account.lastWords && `; stderr: ${account.lastWords}`;
  return new CommandFailed(`${subject(account)} ${whatHappened(ending)}${said}`, {
    ...base(account),
    result: {
      ...account.output,
      exitCode,
      signal,
      truncated: account.truncated,
      ...(terminated === undefined ? {} : { terminated }),
    },
    hint: endingHint(ending) ?? noLoginHint(account),
  });
}

export function commandTimeout(account: Account, timeoutMs: number, terminated: Terminated): CommandTimeout {
  return new CommandTimeout(
    `${subject(account)} ran longer than ${timeoutMs} ms (option timeout) and ${stopped(terminated)}`,
    { ...base(account), timeoutMs, output: account.output, terminated, hint: stopHint(terminated) },
  );
}

export function outputLimitExceeded(
  account: Account,
  limit: { stream: 'stdout' | 'stderr'; maxBuffer: number },
  terminated: Terminated,
): OutputLimitExceeded {
  const { stream, maxBuffer } = limit;
  return new OutputLimitExceeded(
    `${subject(account)} wrote more than ${maxBuffer} bytes to ${stream} (option maxBuffer) and ${stopped(terminated)}`,
    {
      ...base(account),
      stream,
      maxBuffer,
      output: account.output,
      terminated,
      hint: 'Raise maxBuffer, or set it to 0 and read the output as a stream, by lines or in onStdout.',
    },
  );
}

/** The connection's error as the command reports it, with the output so far. */
export function connectionLost(
  account: Account,
  cause: SshError,
  started: boolean | 'unknown',
): ConnectionLost {
  const { reason } = cause as Partial<ConnectionLost>;
  const [when, then] =
    started === false ? ['before', 'was sent'] : ['while', started === true ? 'ran' : 'was being started'];
  return new ConnectionLost(
    `The connection to ${place(account)} was lost ${when} the command ${shownCommand(account)} ${then}: ${cause.message}`,
    {
      started,
      ...base(account),
      hop: cause.hop ?? account.where.hop,
      why: whyOf(cause),
      reason,
      output: account.output,
      cause,
      // A command must not run twice, and retrying does not help after a changed host key or our own close().
      retryable: started === false && cause.retryable,
      hint: withWarning(cause, started ? mayRunOn : 'The command was not started.'),
    },
  );
}

/** The server was asked to start the command and did not answer: it may still start it. */
export function startUnanswered(cause: ChannelTimeout): ChannelTimeout {
  const { message, phase, host, port, hop, timeoutMs, hint } = cause;
  const details = { phase, host, port, hop, timeoutMs, hint, cause };
  return new ChannelTimeout(message, { ...details, started: 'unknown', retryable: false });
}

const mayRunOn =
  'The command may still be running: on Linux it is, on Windows usually; with a pty it is ended. Check before you run it again; runJob() runs a command once, whatever happens to the connection.';

function base({ where }: Account) {
  return { phase: 'command', host: where.host, port: where.port, hop: where.hop } as const;
}

function subject(account: Account): string {
  return `The command ${shownCommand(account)} on ${place(account)}`;
}

function shownCommand({ output }: Account): string {
  return quoted(output.command, 100);
}

function place({ where }: Account): string {
  return `${where.host}:${where.port}`;
}

function whatHappened({ exitCode, signal, terminated, notStarted }: Ending): string {
  if (notStarted) return 'was killed before the server had confirmed its start';
  if (exitCode !== null) return `exited with code ${shownExitCode(exitCode)}`;
  if (signal !== null) return `was ended by ${printable(signal, 40)}`;
  if (terminated !== undefined && terminated !== true) return `was told to stop and ${stopped(terminated)}`;
  return 'ended, but the server did not say how';
}

function stopped(terminated: Terminated): string {
  if (terminated === 'unknown') return 'it is not known whether it was stopped';
  return terminated ? 'its process was stopped' : 'could not be stopped: it is still running';
}

function endingHint({ exitCode, signal, terminated, notStarted }: Ending): string | undefined {
  if (notStarted || signal !== null) return undefined;
  if (exitCode !== null) return exitHint(exitCode);
  if (terminated !== undefined) return stopHint(terminated);
  return 'The server closed the session without an exit status: it was killed itself, or it does not report one.';
}

/** nologin runs in place of the command and writes its message to stdout. */
function noLoginHint({ output }: Account): string | undefined {
  if (!String(output.stdout.slice(0, 100)).startsWith('This account is currently not available'))
    return undefined;
  return 'The command was not run: the login shell of this account is nologin. For tunnels that is right; commands need another account.';
}

function stopHint(terminated: Terminated): string {
  if (terminated === true)
    return 'The server reported the end of the command itself. Its background processes, and children that ignored TERM, may still be running.';
  return 'OpenSSH before 9.8 delivers no signals to commands of root or to forced commands; on Windows the process must be found by its command line, and if several have the same one, none is stopped. A command in a pseudo-terminal (option pty) ends with its session.';
}

/** The last three non-blank lines of `text`, shortened and safe to print. */
export function lastWords(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines
    .slice(-3)
    .map((line) => printable(line.trim(), 160))
    .join(' | ');
}
