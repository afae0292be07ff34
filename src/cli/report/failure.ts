import { printable } from '../../text/printable.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, OutputGone, say } from '../io.ts';
import { isSshError, type Phase, type SshError } from '../library.ts';
import { Stopped } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import { inWords } from './times.ts';

export interface ReportOptions {
  verbose?: boolean;
  /** The command that failed, for the way to its help. */
  command?: string | undefined;
}

/** Says on stderr what went wrong and what to do; gives the exit code. */
export function reportFailure(error: unknown, io: Io, options: ReportOptions = {}): number {
  if (error instanceof Stopped) return error.exitCode;
  if (error instanceof OutputGone) return exitCodes.outputGone;
  if (isWrongUse(error)) return reportWrongUse(error, io, options.command);
  if (!isSshError(error)) return reportOther(error, io, options.verbose);
  for (const line of describeError(error, options.verbose)) say(io.stderr, line);
  return isAboutConnection(error) ? exitCodes.connection : exitCodes.failed;
}

const connectionPhases = new Set<Phase>(['route', 'tcp', 'banner', 'handshake', 'auth', 'session']);

/** What was under way when the connection was lost tells of its own phase, and of the loss as its cause. */
function isAboutConnection(error: SshError): boolean {
  if (connectionPhases.has(error.phase) || error.code === 'SSH_CONNECTION_LOST') return true;
  return isSshError(error.cause) && isAboutConnection(error.cause);
}

/** The library's TypeError and RangeError name an option or a call: the user gave it a wrong value. Others are bugs. */
export function isWrongUse(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  const isRefusal = error instanceof TypeError || error instanceof RangeError;
  return isRefusal && /^(?:unknown option|options?\b|argument\b|\w+: )/i.test(error.message);
}

function reportWrongUse(error: Error, io: Io, command: string | undefined): number {
  say(io.stderr, `ssh-via-gateway: ${error.message}`);
  if (/^option passphrase: missing/.test(error.message)) {
    say(io.stderr, '  hint: --ask-passphrase, --passphrase-file FILE or SSH_VIA_GATEWAY_PASSPHRASE gives it');
  }
  say(io.stderr, `See ssh-via-gateway ${command ? `${command} ` : ''}--help`);
  return exitCodes.usage;
}

function reportOther(error: unknown, io: Io, verbose = false): number {
  const text = error instanceof Error ? error.message : String(error);
  say(io.stderr, `ssh-via-gateway: ${printable(text, 500)}`);
  if (verbose && error instanceof Error && error.stack) say(io.stderr, error.stack);
  return exitCodes.failed;
}

/** The error's message and hint, and how often it was tried. */
export function describeError(error: SshError, verbose = false): string[] {
  const { message, hint, attempts = [], hop } = error;
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
