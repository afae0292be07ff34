import { printable, quoted } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { type CommandResult, type Connection, isSshError } from '../../library.ts';
import { findingOfKind } from '../diagnose.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';
import type { Words } from '../words/words.ts';
import { type FoundShell, shellOf } from './shell-name.ts';

const marker = 'ssh-via-gateway-doctor';
/** Share of the time of a whole run: 19 seconds. A PC that is just booting takes long. */
const share = 1 / 3;

export interface ExecFound {
  finding: Finding;
  /** Undefined if it cannot be determined, or nothing runs. */
  shell: FoundShell | undefined;
}

/** Whether a command runs, returns, and prints nothing but its own output; and in which shell. */
export async function checkExec(connection: Connection, visit: Visit): Promise<ExecFound> {
  const started = now();
  try {
    // Each shell expands this differently; those that reject `$0` are asked again more plainly.
    const asked = await run(connection, `echo ${marker} %COMSPEC% $0`, visit);
    const answer = asked.stdout.includes(marker) ? asked : await run(connection, `echo ${marker}`, visit);
    const finding = { ...judge(answer, visit.words.exec), ms: now() - started };
    return { finding, shell: shellOf(answer.stdout, marker) };
  } catch (error) {
    if (!isSshError(error)) throw error;
    const finding =
      error.code === 'SSH_CONNECTION_LOST'
        ? findingOfKind('endedAtCommand', error, visit.target, visit.words, now() - started)
        : visit.finding(error, now() - started);
    return { finding, shell: undefined };
  }
}

function run(connection: Connection, command: string, visit: Visit) {
  const { signal } = visit;
  return connection.exec(command, { timeout: visit.limit(share), maxBuffer: 100_000, reject: false, signal });
}

function judge({ stdout, exitCode, signal, stderr }: CommandResult, words: Words['exec']): Finding {
  const at = stdout.indexOf(marker);
  if (at === -1 && signal !== null && signal !== undefined) {
    const says = words.killed(printable(signal, 20));
    return { verdict: 'fail', says, todo: words.killedTodo, kind: 'killed' };
  }
  if (at === -1) return noAnswer(`${stdout}\n${stderr}`.trim(), exitCode, words);
  const before = stdout.slice(0, at).trim();
  if (before !== '') return { verdict: 'warn', says: words.noise(quoted(before, 80)), todo: words.noiseTodo };
  if (exitCode !== 0) return { verdict: 'warn', says: words.oddEnd(exitCode) };
  return { verdict: 'ok', says: words.ok };
}

type Todo = keyof Words['exec'] & `${string}Todo`;

/** What sshd, login shells and PAM print instead of running a command. */
const answers: ReadonlyArray<readonly [RegExp, Todo]> = [
  [/password (has )?expired|password change required|must change your password/i, 'passwordExpiredTodo'],
  [/account has expired/i, 'accountExpiredTodo'],
  [/sftp (connections )?only|allows sftp/i, 'sftpOnlyTodo'],
  [/currently not available|nologin/i, 'nologinTodo'],
  [/no such file or directory|not recognized as|cannot find|failed to (start|create)/i, 'noShellTodo'],
];

/** The exit code of an sshd that cannot even start a shell. */
function sessionFails(said: string, exitCode: number | null): readonly [RegExp, Todo] | undefined {
  return said === '' && exitCode === 255 ? [/^$/, 'sessionFailsTodo'] : undefined;
}

function noAnswer(said: string, exitCode: number | null, words: Words['exec']): Finding {
  const known = answers.find(([text]) => text.test(said)) ?? sessionFails(said, exitCode);
  return {
    verdict: 'fail',
    says: words.answer(said === '' ? '' : quoted(said, 120), exitCode),
    todo: words[known?.[1] ?? 'forcedTodo'] as string,
    kind: known ? known[1].replace(/Todo$/, '') : 'forced',
  };
}
