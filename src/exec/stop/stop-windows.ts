import { onAbort } from '../../time/on-abort.ts';
import { now, startTimer } from '../../time/timer.ts';
import { buildPowerShell } from '../command-line/powershell-script.ts';
import { powerShellString } from '../quote/powershell.ts';
import type { SessionOpener } from '../types.ts';
import { kill, processes, snapshot } from './scripts.generated.ts';
import { placeAmongEquals, type StartedCommand } from './started-commands.ts';

/** Milliseconds for PowerShell to start, search and kill on a slow PC. */
const limit = 30_000;

/**
 * Ends a command and its child processes on OpenSSH for Windows, by a script in a second session. sshd does not report a
 * command's process ID, so the script searches the children of the sshd process that serves this connection for the
 * command line. If the same line runs more than once, the order of the starts decides.
 *
 * Resolves when the script is done or has failed, after 30 s at most; never rejects.
 */
export async function killOnWindows(
  opener: SessionOpener,
  target: Pick<StartedCommand, 'line' | 'channel'>,
): Promise<void> {
  const giveUp = new AbortController();
  const stopTimer = startTimer(limit, () => giveUp.abort());
  const { command, stdin = '' } = buildPowerShell(killScript(target.line), { shell: 'powershell' });
  const discard = { onStdout: () => {}, onStderr: () => {} };
  let askedAt = now();
  const onAsked = () => {
    askedAt = now();
  };
  try {
    const channel = await opener.exec({ command }, { signal: giveUp.signal, onAsked, isChore: true });
    // What is confirmed by now was started before this PowerShell; everything else, after it.
    const told = place(opener, target, { askedAt, startedAt: now() });
    if (!told) return channel.close();
    onAbort(giveUp.signal, () => channel.close());
    channel.write(Buffer.from(`${stdin}${told}\r\n`), () => {});
    channel.end();
    await new Promise<void>((resolve) => {
      onAbort(giveUp.signal, resolve);
      channel.start({ ...discard, onEnd: () => resolve() });
    });
  } catch {
    // No session available: the caller sees that the command does not end.
  } finally {
    stopTimer();
  }
}

/**
 * The input of kill.ps1: the position of the command among those with the same line, then for each of them the minimum
 * and maximum milliseconds between its start and that of `own` (the script itself), and `end` if it is being stopped.
 */
function place(
  opener: SessionOpener,
  target: Pick<StartedCommand, 'line' | 'channel'>,
  own: Pick<StartedCommand, 'askedAt' | 'startedAt'>,
): string | undefined {
  const found = placeAmongEquals(opener, target);
  if (!found) return undefined;
  const spans = found.equals.map(
    ({ askedAt, startedAt, isStopped }) =>
      `${Math.floor(own.askedAt - startedAt)}:${Math.ceil(own.startedAt - askedAt)}${isStopped ? ':end' : ''}`,
  );
  return [found.place, ...spans].join(' ');
}

export function killScript(line: string): string {
  const variables = { line, snapshot };
  const head = Object.entries(variables).map(([name, text]) => `$${name}=${powerShellString(text)}\n`);
  return `${head.join('')}${processes}${kill}`;
}
