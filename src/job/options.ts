import { createHash } from 'node:crypto';
import { buildCommandLine, type Shell } from '../exec/command-line/command-line.ts';
import { assertEncoding } from '../exec/output/decode.ts';
import {
  checkFunction,
  checkInteger,
  checkMs,
  checkNames,
  checkSignal,
  checkString,
  wrongType,
} from '../options/check.ts';
import type { StartRequest } from './host/commands.ts';
import { checkJobId } from './job-id.ts';
import type { FollowOptions, InteractiveOptions, JobOffsets, StartJobOptions } from './types.ts';

export const startNames = [...['id', 'dir', 'shell', 'cwd', 'env', 'interactive', 'encoding', 'signal']];

/** A start, and what results and messages call its command: without what `cwd` and `env` add. */
export interface ResolvedStart extends StartRequest {
  command: string;
}

/** Checks everything before anything is sent. @throws TypeError or RangeError that names the option. */
export function resolveStart(
  command: string | readonly string[],
  options: StartJobOptions,
  windows: boolean,
): ResolvedStart {
  const { id, cwd, env } = options;
  checkJobId(id);
  checkCommon(options);
  const interactive = resolveInteractive(options.interactive);
  if (interactive && !windows) {
    throw new TypeError(
      `option interactive: ${JSON.stringify(options.interactive)} given, but the server is not Windows; leave it out`,
    );
  }
  const shell: Shell = options.shell ?? (windows ? 'cmd' : 'posix');
  const line = buildCommandLine({ command, shell, cwd, env });
  const shown = typeof command === 'string' ? command : buildCommandLine({ command, shell });
  const identity = { id, command, shell, cwd, env: sortedEntries(env), interactive: identityOf(interactive) };
  return { id, line, command: shown, fingerprint: hash(identity), interactive };
}

/** What `interactive` stands for; undefined for a job without a desktop. */
export function resolveInteractive(
  given: StartJobOptions['interactive'] = false,
): InteractiveOptions | undefined {
  if (typeof given === 'boolean') return given ? {} : undefined;
  if (typeof given !== 'object' || given === null) {
    throw wrongType('interactive', given, 'true, false or { runLevel, executionTimeLimit }');
  }
  checkNames('interactive', given, ['runLevel', 'executionTimeLimit']);
  const { runLevel = 'limited', executionTimeLimit } = given;
  if (runLevel !== 'limited' && runLevel !== 'highest') {
    throw wrongType('interactive.runLevel', runLevel, "'limited' or 'highest'");
  }
  if (executionTimeLimit !== undefined) {
    checkMs('interactive.executionTimeLimit', executionTimeLimit, { infinite: false });
  }
  return given;
}

/** `true` where nothing else is wished, so that `{}` names the same job. */
function identityOf(interactive: InteractiveOptions | undefined): boolean | object {
  if (!interactive) return false;
  const { runLevel = 'limited', executionTimeLimit } = interactive;
  return runLevel === 'limited' && executionTimeLimit === undefined ? true : { runLevel, executionTimeLimit };
}

/** What all calls share. */
export function checkCommon(options: { dir?: unknown; encoding?: unknown; signal?: unknown }): void {
  const { dir, encoding, signal } = options;
  if (dir !== undefined) {
    checkString('dir', dir, 'the path of a folder on the server');
    if (/[\r\n]/.test(dir)) throw wrongType('dir', dir, 'a path without line breaks');
  }
  if (encoding !== undefined && encoding !== 'buffer') assertEncoding(encoding);
  if (signal !== undefined) checkSignal('signal', signal);
}

export function checkStartOptions(options: unknown): asserts options is StartJobOptions {
  checkNames('options', options, startNames);
}

export function checkFollow(options: FollowOptions): void {
  if (options.pollInterval !== undefined) checkMs('pollInterval', options.pollInterval, { infinite: false });
  if (options.signal !== undefined) checkSignal('signal', options.signal);
}

export function resolveOffsets(from: Partial<JobOffsets> = {}): JobOffsets {
  checkNames('from', from, ['stdout', 'stderr']);
  const { stdout = 0, stderr = 0 } = from as Partial<JobOffsets>;
  for (const [name, value] of Object.entries({ stdout, stderr })) {
    checkInteger(`from.${name}`, value, 0, Number.MAX_SAFE_INTEGER, 'a number of bytes, 0 or more');
  }
  return { stdout, stderr };
}

export function checkCallback(name: string, callback: unknown): void {
  if (callback !== undefined) checkFunction(name, callback);
}

/** Of the request, not of the command line, so that a later version which quotes differently finds its jobs. */
function hash(identity: object): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

function sortedEntries(env: Readonly<Record<string, string>> | undefined): [string, string][] {
  return Object.entries(env ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}
