import { connectPhases } from '../../errors/phases.ts';
import { printable } from '../../text/printable.ts';
import type { Settings } from '../args/settings.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, OutputLost, say } from '../io.ts';
import { isSshError, type Phase, type SshError } from '../library.ts';
import { Stopped } from '../stopped.ts';
import { jsonText } from './json.ts';
import { inOurWords } from './library-words.ts';
import { inWords } from './times.ts';
import { isWrongUse, wordsOfWrongUse } from './wrong-use.ts';

export interface ReportOptions {
  verbose?: boolean;
  /** Also report it as a JSON object on stdout, where a program looks for the result. */
  json?: boolean;
  /** The command that failed, to refer to its help. */
  command?: string | undefined;
  /** What the user gave, so that a value is named as it was given. */
  settings?: Settings | undefined;
  /** For a failure that has an exit code of its own. */
  exitCode?: number;
}

/** Reports on stderr what went wrong and what to do; returns the exit code. */
export function reportFailure(error: unknown, io: Io, options: ReportOptions = {}): number {
  if (error instanceof OutputLost && error.isClosed) return exitCodes.outputGone;
  const exitCode = options.exitCode ?? exitCodeOf(error);
  for (const line of linesOf(error, options)) say(io.stderr, line);
  if (options.json) say(io.stdout, jsonText({ error: { ...recordOf(error, options), exitCode } }));
  return exitCode;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Stopped) return error.exitCode;
  if (isWrongUse(error)) return exitCodes.usage;
  return isSshError(error) && isAboutConnection(error) ? exitCodes.connection : exitCodes.failed;
}

const connectionPhases = new Set<Phase>(['route', ...connectPhases.map(({ name }) => name), 'session']);

/** If the connection was lost during an operation, the error has the operation's phase, and the loss as its cause. */
function isAboutConnection(error: SshError): boolean {
  if (connectionPhases.has(error.phase) || error.code === 'SSH_CONNECTION_LOST') return true;
  return isSshError(error.cause) && isAboutConnection(error.cause);
}

function linesOf(error: unknown, { verbose, command, settings }: ReportOptions): string[] {
  if (error instanceof Stopped) return error.known === undefined ? [] : [`ssh-via-gateway: ${error.known}`];
  if (isWrongUse(error)) {
    const [first, ...more] = wordsOfWrongUse(error, settings);
    const way = `See ssh-via-gateway ${command ? `${command} ` : ''}--help`;
    return [`ssh-via-gateway: ${first}`, ...more, way];
  }
  return isSshError(error) ? describeError(error, verbose) : describeOther(error, verbose);
}

/** What a program that reads our output needs: the same members whatever went wrong. */
function recordOf(error: unknown, { settings }: ReportOptions): Record<string, unknown> {
  const plain = { phase: null, hint: null, retryable: false, started: null };
  if (error instanceof Stopped) {
    const { known = error.message, started = null } = error;
    return { ...plain, name: 'Stopped', code: 'STOPPED', message: known, started };
  }
  if (isWrongUse(error)) {
    const [message, hint = null] = wordsOfWrongUse(error, settings);
    return {
      ...plain,
      name: 'UsageError',
      code: 'USAGE',
      message,
      hint: hint?.replace(/^ *hint: /, '') ?? null,
    };
  }
  if (!isSshError(error)) {
    const { code = 'FAILED', name = 'Error' } = (error ?? {}) as { code?: unknown; name?: unknown };
    return { ...plain, name, code, message: textOf(error) };
  }
  const { name, code, phase, retryable, host, port, hop } = error;
  const { message, hint } = wordsOf(error);
  const { started = null } = error as { started?: boolean | 'unknown' };
  return { name, code, message, phase, hint: hint ?? null, retryable, started, host, port, hop };
}

function textOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 500);
}

function describeOther(error: unknown, verbose = false): string[] {
  const stack = verbose && error instanceof Error ? error.stack : undefined;
  return [`ssh-via-gateway: ${textOf(error)}`, ...(stack === undefined ? [] : [stack])];
}

/** The error's words, adapted to this program. */
export function wordsOf({ message, hint, hop }: SshError): { message: string; hint: string | undefined } {
  const isJump = hop?.startsWith('jump ') ?? false;
  return {
    message: inOurWords(message, isJump),
    hint: hint === undefined ? undefined : inOurWords(hint, isJump) || undefined,
  };
}

/** The error's message and hint, and how often it was tried. */
function describeError(error: SshError, verbose = false): string[] {
  const { attempts = [], hop } = error;
  const { message, hint } = wordsOf(error);
  const lines = [`ssh-via-gateway: ${error.name}: ${message}${hop ? ` (${hop})` : ''}`];
  if (hint) lines.push(`  hint: ${hint}`);
  if (attempts.length > 1 && !verbose) lines.push(`  tried ${attempts.length} times; --verbose lists them`);
  if (!verbose) return lines;
  for (const { attempt, code, timings, wait } of attempts) {
    const waited = wait > 0 ? `, then waited ${inWords(wait)}` : '';
    lines.push(`  attempt ${attempt}: ${code} after ${inWords(timings.total)}${waited}`);
  }
  return lines;
}
