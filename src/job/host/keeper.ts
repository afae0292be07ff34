import {
  ChannelTimeout,
  CommandTimeout,
  ConnectionLost,
  isSshError,
  JobAccessFailed,
} from '../../errors/index.ts';
import { withWarning } from '../../ssh2/transport/lost-on-the-way.ts';
import { printable } from '../../text/printable.ts';
import type { JobHost } from '../types.ts';
import type { HostCommand, JobCommands } from './commands.ts';
import { hintFor } from './hints.ts';
import { Unreadable } from './record.ts';

/** Milliseconds for one helper command. PowerShell is slow on a busy PC. */
const commandTimeout = 120_000;

/** Access to a server's jobs: the commands for its kind, and a host that runs them. */
export interface JobKeeper {
  readonly host: JobHost;
  /** Loaded on first use: the scripts are long, and a server needs only one kind. */
  commands(): Promise<JobCommands>;
  readonly dir: string | undefined;
  /** Milliseconds that one command may watch for news; undefined if polling is cheaper. */
  readonly longPoll: number | undefined;
}

/** On Windows each look starts a PowerShell, about a second of processor time; watching costs almost nothing. */
const waitOnWindows = 60_000;

/** As long as it watches it holds a session, for which others may have to wait where the server allows no more. */
const waitWhenFew = 10_000;
/** What should be left for others before a session is taken for long. */
const few = 2;

export function jobKeeper(host: JobHost, dir: string | undefined): JobKeeper {
  const commands = () => commandsFor(host, dir);
  return {
    host,
    dir,
    commands,
    get longPoll() {
      if (!host.windows) return undefined;
      return (host.sessionsLeft?.() ?? Infinity) > few ? waitOnWindows : waitWhenFew;
    },
  };
}

async function commandsFor({ windows }: JobHost, dir: string | undefined): Promise<JobCommands> {
  if (windows) return (await import('../windows/index.ts')).windowsCommands(dir);
  return (await import('../posix/index.ts')).posixCommands(dir);
}

const askAgain = 'A job does not end with the connection: ask again over a new one.';

/** Runs one helper command. @throws {JobAccessFailed} if the server could not run it. */
export async function ask<Answer>(
  keeper: JobKeeper,
  id: string,
  choose: (commands: JobCommands) => HostCommand<Answer>,
  signal?: AbortSignal,
  onOutput?: (bytes: Buffer) => void,
): Promise<Answer> {
  const { host } = keeper;
  const command = choose(await keeper.commands());
  const { line, stdin } = command;
  const result = await host.run(line, { stdin, onOutput, timeout: commandTimeout, signal }).catch((error) => {
    throw aboutJob(host, id, error);
  });
  try {
    return command.read(result);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    // Without an exit code, the command did not end by itself: the server is probably shutting down.
    throw accessFailed(host, id, error.message, error.mayPass || result.exitCode === null);
  }
}

/**
 * Rewrites an error of a helper command as one about the job: retrying is safe whether or not the server ran the command,
 * because a job starts, ends and is removed only once. The text of the scripts would mean nothing to the user.
 */
function aboutJob(host: JobHost, id: string, error: unknown): unknown {
  const place = {
    phase: 'command',
    host: host.where.host,
    port: host.where.port,
    hop: host.where.hop,
  } as const;
  if (error instanceof ConnectionLost) {
    const { why, reason, hop, cause = error } = error;
    const retryable = isSshError(cause) ? cause.retryable : true;
    const said = cause instanceof Error ? cause.message : error.message;
    return new ConnectionLost(
      `The connection to ${place.host}:${place.port} was lost while ${subject(id)} asked for: ${said}`,
      {
        ...place,
        hop,
        why,
        reason,
        cause,
        retryable,
        hint: isSshError(cause) ? withWarning(cause, askAgain) : askAgain,
      },
    );
  }
  if (error instanceof CommandTimeout)
    return accessFailed(host, id, `the server did not answer within ${error.timeoutMs} ms`, true);
  if (!(error instanceof ChannelTimeout)) return error;
  const { message, timeoutMs, hint } = error;
  return new ChannelTimeout(message, { ...place, timeoutMs, hint, retryable: true });
}

function subject(id: string): string {
  return id ? `job ${id} was` : 'the jobs were';
}

export function accessFailed(
  { where }: JobHost,
  id: string,
  said: string,
  retryable = false,
): JobAccessFailed {
  const reason = printable(said, 500);
  const what = id ? `job ${id}` : 'the jobs';
  return new JobAccessFailed(`${where.host}:${where.port} could not take care of ${what}: ${reason}`, {
    ...jobDetails(where, id, reason),
    retryable,
    hint: hintFor(said),
  });
}

/** Fields of every error about a job. */
export function jobDetails({ host, port, hop }: JobHost['where'], id: string, reason: string) {
  return { phase: 'command', host, port, hop, id, reason } as const;
}
