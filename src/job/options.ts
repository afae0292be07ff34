import { createHash } from 'node:crypto';
import { wrongType } from '../check/wrong.ts';
import { buildCommandLine, type Shell, shownCommand } from '../exec/command-line/command-line.ts';
import type { StartRequest } from './host/commands.ts';
import type { InteractiveOptions, JobOffsets, StartJobOptions } from './types.ts';

/** A start request, and the command as results and messages show it: without `cwd` and `env`. */
interface ResolvedStart extends StartRequest {
  command: string;
}

/** Each option has been checked already. @throws {TypeError | RangeError} if they contradict each other. */
export function resolveStart(
  command: string | readonly string[],
  options: StartJobOptions,
  windows: boolean,
): ResolvedStart {
  const { id, cwd, env } = options;
  const interactive = resolveInteractive(options.interactive);
  if (interactive && !windows) {
    throw wrongType('interactive', options.interactive, 'false (the server is not Windows)');
  }
  const shell: Shell = options.shell ?? (windows ? 'cmd' : 'posix');
  const line = buildCommandLine({ command, shell, cwd, env });
  const identity = { id, command, shell, cwd, env: sortedEntries(env), interactive: identityOf(interactive) };
  return { id, line, command: shownCommand({ command, shell }), fingerprint: hash(identity), interactive };
}

/** Undefined for a job without a desktop. */
function resolveInteractive(given: StartJobOptions['interactive'] = false): InteractiveOptions | undefined {
  if (typeof given === 'boolean') return given ? {} : undefined;
  return given;
}

/** `true` if all are defaults, so that `{}` and `true` identify the same job. */
function identityOf(interactive: InteractiveOptions | undefined): boolean | object {
  if (!interactive) return false;
  const { runLevel = 'limited', executionTimeLimit } = interactive;
  return runLevel === 'limited' && executionTimeLimit === undefined ? true : { runLevel, executionTimeLimit };
}

export function offsetsOf({ stdout = 0, stderr = 0 }: Partial<JobOffsets> = {}): JobOffsets {
  return { stdout, stderr };
}

/** Hashes the request, not the command line, so that a later version with other quoting still finds its jobs. */
function hash(identity: object): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

function sortedEntries(env: Readonly<Record<string, string>> | undefined): [string, string][] {
  return Object.entries(env ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
