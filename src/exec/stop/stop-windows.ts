import { startTimer } from '../../time/timer.ts';
import { buildPowerShell } from '../command-line/powershell-script.ts';
import { powerShellString } from '../quote/powershell.ts';
import type { SessionOpener } from '../types.ts';
import { kill } from './scripts.generated.ts';

/** Milliseconds for PowerShell to start, look and kill on a slow PC. */
const limit = 30_000;

/**
 * Ends a command on OpenSSH for Windows by `taskkill /T /F` on a second session. sshd does not tell a command's
 * process id, so it is looked for: among the children of the sshd process that serves this connection, the one
 * whose command line holds the command. When several fit (the same command runs twice), none is touched.
 *
 * Resolves when that is done or has failed, after 30 s at most; never rejects.
 */
export async function killOnWindows(opener: SessionOpener, line: string): Promise<void> {
  const giveUp = new AbortController();
  const stopTimer = startTimer(limit, () => giveUp.abort());
  const { command, stdin = '' } = buildPowerShell(killScript(line), { shell: 'powershell' });
  const discard = { onStdout: () => {}, onStderr: () => {} };
  try {
    const channel = await opener.exec({ command }, { signal: giveUp.signal, isChore: true });
    giveUp.signal.addEventListener('abort', () => channel.close(), { once: true });
    channel.write(Buffer.from(stdin), () => {});
    channel.end();
    await new Promise<void>((resolve) => {
      giveUp.signal.addEventListener('abort', () => resolve(), { once: true });
      channel.start({ ...discard, onEnd: () => resolve() });
    });
  } catch {
    // No session to be had: whoever asked sees that the command does not end.
  } finally {
    stopTimer();
  }
}

export function killScript(line: string): string {
  return `$line=${powerShellString(line)}\n${kill}`;
}
