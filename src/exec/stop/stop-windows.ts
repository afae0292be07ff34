import { startTimer } from '../../time/timer.ts';
import { buildPowerShell } from '../command-line/powershell-script.ts';
import { powerShellString } from '../quote/powershell.ts';
import type { SessionOpener } from '../types.ts';

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
    const channel = await opener.exec({ command }, { signal: giveUp.signal });
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

/**
 * Climbs from this PowerShell to the sshd process that started it, and looks at that one's other children. The
 * command line is compared without quotes and blanks: sshd puts quotes around the command, and some shells escape them.
 */
export function killScript(line: string): string {
  return [
    `$line = (${powerShellString(line)} -replace '["\\\\\\s]', '')`,
    '$all = @(Get-CimInstance Win32_Process)',
    '$byId = @{}; foreach ($p in $all) { $byId[[int]$p.ProcessId] = $p }',
    '$mine = @(); $up = $byId[$PID]',
    "while ($up -and $up.Name -notmatch '^sshd') { $mine += $up.ProcessId; $up = $byId[[int]$up.ParentProcessId] }",
    'if (-not $up) { exit 3 }',
    '$found = @($all | Where-Object { $_.ParentProcessId -eq $up.ProcessId -and $mine -notcontains $_.ProcessId -and',
    `  $_.CommandLine -and ($_.CommandLine -replace '["\\\\\\s]', '') -match ('[/-]c(ommand)?' + [Regex]::Escape($line) + '$') })`,
    'if ($found.Count -ne 1) { exit 4 }',
    'taskkill /T /F /PID $found[0].ProcessId',
  ].join('\n');
}
