import { quoted } from '../../../text/printable.ts';
import { type CommandResult, type Connection, isSshError } from '../../library.ts';
import { findingOf } from '../advice.ts';
import type { Finding } from '../steps.ts';
import { type FoundShell, shellOf } from './shell-name.ts';

const marker = 'ssh-via-gateway-doctor';
/** Milliseconds; a PC that is just starting takes long. */
const limit = 30_000;

export interface ExecFound {
  finding: Finding;
  /** Undefined when it cannot be told, or nothing runs. */
  shell: FoundShell | undefined;
}

/** Whether a command runs, comes back, and brings nothing but its own output; and in which shell. */
export async function checkExec(connection: Connection, signal: AbortSignal): Promise<ExecFound> {
  try {
    // Each shell makes something else of this; some refuse `$0`, and get a plainer question.
    const asked = await run(connection, `echo ${marker} %COMSPEC% $0`, signal);
    const answer = asked.stdout.includes(marker) ? asked : await run(connection, `echo ${marker}`, signal);
    return { finding: judge(answer), shell: shellOf(answer.stdout, marker) };
  } catch (error) {
    if (!isSshError(error)) throw error;
    return { finding: findingOf(error), shell: undefined };
  }
}

function run(connection: Connection, command: string, signal: AbortSignal) {
  return connection.exec(command, { timeout: limit, maxBuffer: 100_000, reject: false, signal });
}

function judge({ stdout, exitCode, stderr, durationMs: ms }: CommandResult): Finding {
  const at = stdout.indexOf(marker);
  if (at === -1) return { ...noAnswer(stdout || stderr, exitCode), ms };
  const before = stdout.slice(0, at).trim();
  if (before !== '') {
    return {
      verdict: 'warn',
      says: `commands run, but something speaks before them: ${quoted(before, 80)}`,
      todo: 'Take it out of what the shell runs when it starts (~/.bashrc, AutoRun of cmd, $PROFILE): it spoils what scripts read, and SFTP.',
      ms,
    };
  }
  if (exitCode !== 0) {
    const end = exitCode === null ? 'no exit status' : `exit code ${exitCode}`;
    return { verdict: 'warn', says: `a command ran, but ended with ${end}`, ms };
  }
  return { verdict: 'ok', says: 'a command ran, with its output and exit code', ms };
}

function noAnswer(said: string, exitCode: number | null): Finding {
  const answer = said.trim() === '' ? 'nothing' : quoted(said.trim(), 80);
  return {
    verdict: 'fail',
    says: `"echo" was sent; the answer was ${answer}, exit code ${exitCode ?? 'unknown'}`,
    todo: 'Something else than a shell takes the command: a forced command (ForceCommand, command= in authorized_keys), a login shell that refuses (nologin), or on Windows a DefaultShell in the registry that is not there.',
  };
}
