import { type Checks, checkOptions } from '../../check/options.ts';
import { abortSignal, limit, text, whole } from '../../check/values.ts';
import type { SessionOpener } from '../types.ts';
import { ShellStream } from './shell-stream.ts';
import type { ShellOptions, ShellSession } from './types.ts';

/** In RFC 4254 a size has 32 bits; no terminal needs more than 16. */
const size = whole(1, 65_535);

const checks: Checks<ShellOptions> = {
  term: text("a terminal's name", 255),
  rows: size,
  columns: size,
  timeout: limit(),
  signal: abortSignal,
};

/**
 * Opens the account's login shell in a pseudo-terminal.
 * @throws {TypeError | RangeError} for invalid options. Rejects with the error of opening a session, or `signal.reason`.
 */
export async function openShell(opener: SessionOpener, options: ShellOptions = {}): Promise<ShellSession> {
  checkOptions(options, checks);
  const { term = 'xterm-256color', rows = 24, columns = 80, timeout, signal } = options;
  // Size in pixels: 0 means unknown.
  const pty = { term, rows, cols: columns, width: 0, height: 0 };
  const channel = await opener.exec({ pty }, { signal, timeout, limitsWait: true });
  return new ShellStream(channel, opener.where, { size, signal });
}
