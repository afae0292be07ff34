import {
  ChannelTimeout,
  CommandTimeout,
  ConnectionLost,
  isSshError,
  JobAccessFailed,
} from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import type { JobHost } from '../types.ts';
import type { HostCommand, JobCommands } from './commands.ts';
import { hintFor } from './hints.ts';
import { Unreadable } from './record.ts';

/** Milliseconds for one helper command. PowerShell on a busy PC takes its time. */
const commandTimeout = 120_000;

/** A server's jobs: the commands that suit it, and a host that runs them. */
export interface JobKeeper {
  readonly host: JobHost;
  /** Loaded when they are first needed: they are long, and only one kind fits. */
  commands(): Promise<JobCommands>;
  readonly dir: string | undefined;
  /** Milliseconds for which one command may watch for news, where starting another costs more. */
  readonly longPoll: number | undefined;
}

/** Windows: to look starts a PowerShell, about a second of one processor; to watch with it costs next to nothing. */
const waitOnWindows = 60_000;

export function jobKeeper(host: JobHost, dir: string | undefined): JobKeeper {
  const commands = () => commandsFor(host, dir);
  return { host, dir, commands, longPoll: host.windows ? waitOnWindows : undefined };
}

async function commandsFor({ windows }: JobHost, dir: string | undefined): Promise<JobCommands> {
  if (windows) return (await import('../windows/index.ts')).windowsCommands(dir);
  return (await import('../posix/index.ts')).posixCommands(dir);
}

/** Runs one of our commands. @throws JobAccessFailed when the server could not do it. */
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
    // Without an exit code the server ended our command, not the command itself: it is going down.
    throw accessFailed(host, id, error.message, error.mayPass || result.exitCode === null);
  }
}

/**
 * Asking again about a job is safe, whether the server had heard the question or not: its start, its end and its removal
 * happen once. And our own scripts say nothing to who reads the error.
 */
function aboutJob(host: JobHost, id: string, error: unknown): unknown {
  const place = {
    phase: 'command',
    host: host.where.host,
    port: host.where.port,
    hop: host.where.hop,
  } as const;
  if (error instanceof ConnectionLost) {
    const { why, reason, cause = error } = error;
    const retryable = isSshError(cause) ? cause.retryable : true;
    const said = cause instanceof Error ? cause.message : error.message;
    return new ConnectionLost(
      `The connection to ${place.host}:${place.port} was lost while ${subject(id)} asked for: ${said}`,
      {
        ...place,
        why,
        reason,
        cause,
        retryable,
        hint: 'A job does not end with the connection: ask again over a new one.',
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

/** Common to every error about a job. */
export function jobDetails({ host, port, hop }: JobHost['where'], id: string, reason: string) {
  return { phase: 'command', host, port, hop, id, reason } as const;
}
