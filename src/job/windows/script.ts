import { randomBytes } from 'node:crypto';
import { buildPowerShell } from '../../exec/command-line/powershell-script.ts';
import { powerShellString } from '../../exec/quote/powershell.ts';

/*
 * For Windows PowerShell 5.1, which every Windows PC has. A job's folder:
 *   claim         which process runs the job: 1:pid:start:boot:fingerprint:time:flags:id. Written under another name
 *                 and moved into place, which fails if the name exists: so the claim is the lock, it is never half
 *                 written, and there is no state "being started" that could be left behind.
 *   alive.<start> held open by the wrapper, without sharing, as long as it lives. The system closes it however the
 *                 wrapper ends, even by a restart, so there is no need to trust a process ID.
 *   pid, command, stdout, stderr
 *   killed        exists if a kill was sent
 *   exit          code, time, signal (always -) and the word "end"; moved into place when complete
 *   *.<nonce>     passed by a start to its wrapper
 */

interface WindowsScript {
  line: string;
  stdin?: string | undefined;
  mark: string;
  nonce: string;
}

export function windowsScript(variables: Record<string, string>, ...parts: string[]): WindowsScript {
  const nonce = randomBytes(8).toString('hex');
  const mark = `ssh-via-gateway:${nonce}`;
  const assignments = Object.entries({ ...variables, nonce, mark }).map(
    ([name, value]) => `$${name}=${powerShellString(value)}\n`,
  );
  const { command, stdin } = buildPowerShell([...assignments, ...parts].join(''), {
    shell: 'powershell',
  });
  return { line: command, stdin, mark, nonce };
}

export const defaultWindowsDir = '%LOCALAPPDATA%\\ssh-via-gateway\\jobs';
