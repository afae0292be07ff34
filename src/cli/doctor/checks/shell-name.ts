import { printable } from '../../../text/printable.ts';

export interface FoundShell {
  kind: 'cmd' | 'powershell' | 'posix';
  /** Its name as it reports it. */
  name: string;
}

/**
 * Which shell printed the output of `echo MARKER %COMSPEC% $0`: cmd expands the former, a POSIX shell the latter;
 * PowerShell prints each word on a line of its own, and nothing for `$0`.
 */
export function shellOf(stdout: string, marker: string): FoundShell | undefined {
  const [first = '', ...rest] = stdout
    .slice(stdout.indexOf(marker) + marker.length)
    .trim()
    .split(/\r?\n/);
  const line = first.trim();
  const cmd = /^(\S*cmd\.exe) \$0$/i.exec(line);
  if (cmd) return { kind: 'cmd', name: printable(cmd[1]!, 100) };
  if (line === '%COMSPEC%' && rest.every((other) => other.trim() === '')) {
    return /\n/.test(stdout.slice(0, stdout.indexOf('%COMSPEC%')))
      ? { kind: 'powershell', name: 'PowerShell' }
      : undefined;
  }
  const posix = /^%COMSPEC% -?(\S+)$/.exec(line);
  if (posix && posix[1] !== '$0') return { kind: 'posix', name: printable(posix[1]!, 100) };
  return undefined;
}
