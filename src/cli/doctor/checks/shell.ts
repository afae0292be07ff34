import { printable } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { type CommandResult, type Connection, isSshError } from '../../library.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';
import type { Words } from '../words/words.ts';
import type { FoundShell } from './shell-name.ts';

/** Share of the time of a whole run: nine seconds. */
const share = 1 / 6;

/** The shell that runs commands, and how to decode its output. */
export async function checkShell(
  connection: Connection,
  visit: Visit,
  { shell, windows }: { shell: FoundShell | undefined; windows: boolean },
): Promise<Finding> {
  const { shell: words } = visit.words;
  if (!shell && !windows) return { verdict: 'warn', says: words.unknown, todo: words.unknownTodo };
  const started = now();
  try {
    const found = windows
      ? windowsFinding(await run(connection, 'chcp', visit), shell, words)
      : posixFinding(await run(connection, 'locale charmap 2>/dev/null', visit), shell!);
    return { ...found, ms: now() - started };
  } catch (error) {
    if (!isSshError(error)) throw error;
    return visit.finding(error, now() - started);
  }
}

function run(connection: Connection, command: string, visit: Visit) {
  const { signal } = visit;
  return connection.exec(command, { timeout: visit.limit(share), maxBuffer: 100_000, reject: false, signal });
}

/** `Active code page: 949`, in the PC's language; the number is the same in every language. */
function windowsFinding(
  { stdout }: CommandResult,
  shell: FoundShell | undefined,
  words: Words['shell'],
): Finding {
  const [, digits] = /(\d{3,5})\D*$/.exec(stdout) ?? [];
  const name = shell?.name ?? words.unnamed;
  if (digits === undefined)
    return { verdict: 'warn', says: words.noCodePage(name), facts: { shell: shell?.kind } };
  const codePage = Number(digits);
  const encoding = codePage === 65_001 ? 'utf8' : `cp${codePage}`;
  const facts = { shell: shell?.kind, codePage, encoding };
  if (encoding === 'utf8') return { verdict: 'ok', says: words.utf8(name), facts };
  return { verdict: 'ok', says: words.codePage(name, codePage, encoding), facts };
}

function posixFinding({ stdout, exitCode }: CommandResult, shell: FoundShell): Finding {
  const charset = exitCode === 0 ? printable(stdout.trim(), 40) : '';
  const facts = { shell: shell.kind, charset: charset || undefined };
  return { verdict: 'ok', says: charset ? `${shell.name}, ${charset}` : shell.name, facts };
}
