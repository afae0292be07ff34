import { printable } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { type Connection, isSshError } from '../../library.ts';
import { findingOf } from '../advice.ts';
import type { Finding } from '../steps.ts';
import type { FoundShell } from './shell-name.ts';

const limit = 30_000;

/** The shell that takes commands, and how its output is to be decoded. */
export async function checkShell(
  connection: Connection,
  { shell, windows, signal }: { shell: FoundShell | undefined; windows: boolean; signal: AbortSignal },
): Promise<Finding> {
  if (!shell && !windows) return unknownShell;
  const started = now();
  try {
    const found = windows
      ? await windowsFinding(connection, shell, signal)
      : await posixFinding(connection, shell!, signal);
    return { ...found, ms: now() - started };
  } catch (error) {
    if (!isSshError(error)) throw error;
    return findingOf(error, now() - started);
  }
}

const unknownShell: Finding = {
  verdict: 'warn',
  says: 'which shell takes commands cannot be told',
  todo: 'Give the shell option where an array of arguments, cwd or env is used: its quoting depends on it.',
};

function run(connection: Connection, command: string, signal: AbortSignal) {
  return connection.exec(command, { timeout: limit, maxBuffer: 100_000, reject: false, signal });
}

/** `Active code page: 949`, in the language of the PC: the number is what every language has. */
async function windowsFinding(
  connection: Connection,
  shell: FoundShell | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  const { stdout } = await run(connection, 'chcp', signal);
  const [, digits] = /(\d{3,5})\D*$/.exec(stdout) ?? [];
  const name = shell?.name ?? 'a shell that cannot be told';
  if (digits === undefined) {
    return { verdict: 'warn', says: `${name}; its code page cannot be told`, facts: { shell: shell?.kind } };
  }
  const codePage = Number(digits);
  const encoding = codePage === 65_001 ? 'utf8' : `cp${codePage}`;
  const facts = { shell: shell?.kind, codePage, encoding };
  if (encoding === 'utf8') return { verdict: 'ok', says: `${name}, code page 65001: output is UTF-8`, facts };
  return {
    verdict: 'ok',
    says: `${name}, code page ${codePage}: read its output with encoding: '${encoding}' (exec --encoding ${encoding})`,
    facts,
  };
}

async function posixFinding(
  connection: Connection,
  shell: FoundShell,
  signal: AbortSignal,
): Promise<Finding> {
  const { stdout, exitCode } = await run(connection, 'locale charmap 2>/dev/null', signal);
  const charset = exitCode === 0 ? printable(stdout.trim(), 40) : '';
  const facts = { shell: shell.kind, charset: charset || undefined };
  return { verdict: 'ok', says: charset ? `${shell.name}, ${charset}` : shell.name, facts };
}
