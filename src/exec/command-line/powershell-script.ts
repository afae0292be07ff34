import { Buffer } from 'node:buffer';
import { checkText } from '../quote/argv.ts';
import { powerShellString } from '../quote/powershell.ts';
import { powerShellPrefix } from './powershell.ts';
import { begin, mode, receive, run, utf8 } from './scripts.generated.ts';
import { checkSurroundings, type Surroundings } from './surroundings.ts';

export interface ScriptOptions extends Surroundings {
  /** `powershell` is Windows PowerShell 5.1, on every Windows PC; `pwsh` is PowerShell 7, on any system. */
  shell: 'powershell' | 'pwsh';
  /**
   * Make the console and PowerShell speak UTF-8. Default true. With false the PC's own code pages stay (949 on a
   * Korean one), for a caller who decodes these.
   */
  utf8?: boolean;
}

interface PowerShellInvocation {
  /** Safe in cmd.exe, PowerShell and POSIX shells alike: it has no character that any of them looks at. */
  command: string;
  /** Set when the script is too long for the command line: what must be written to stdin before anything else. */
  stdin?: string;
}

/** cmd.exe, the usual default shell, takes 8191 characters, its own path and `/c` included. */
const maxCommandLength = 8_000;

/**
 * The command that runs `script` in a PowerShell of its own.
 *
 * - `$ErrorActionPreference` is `Stop`. An error that the script does not catch, a syntax error too, goes to stderr
 *   as plain text and the exit code is 1.
 * - `exit n` in the script gives n. A script that runs to its end gives `$LASTEXITCODE`: the exit code of the last
 *   program that it ran, 0 when it ran none. A script that accepts a program's failure ends with `exit 0`.
 * - Console output, console input and what is piped to programs are UTF-8 without byte order mark. A program that
 *   ignores the console's code page writes in its own encoding as ever.
 * - The script is a script block: `param`, `using` and `return` work, line numbers in errors are its own.
 *   Its stdin is free for `[Console]::In`; `$input` is empty.
 * - Progress bars are silenced. Text that PowerShell 5.1 serialises to stderr all the same (warnings, verbose
 *   messages) is what `createClixmlFilter` reads back.
 *
 * A long script is sent through stdin, as base64, read by its exact length, so that a caller's own stdin can follow.
 *
 * @throws TypeError when `script` is not a string, or contains NUL or half of a surrogate pair; RangeError when `cwd`
 *   and `env` alone are too long for a command line.
 */
export function buildPowerShell(script: string, options: ScriptOptions): PowerShellInvocation {
  checkText('argument script', script);
  const inline = encodedCommand(options, `$s=${powerShellString(script)}\n`);
  if (inline.length <= maxCommandLength) return { command: inline };
  const stdin = Buffer.from(script, 'utf8').toString('base64');
  const command = encodedCommand(options, `$n=${stdin.length}\n${receive}`);
  if (command.length <= maxCommandLength) return { command, stdin };
  throw new RangeError(
    'cwd and env are too long for one command line, which cmd.exe ends at 8191 characters; ' +
      'set long values in the script itself',
  );
}

/** @param getScript Code that puts the script into `$s`. */
function encodedCommand(options: ScriptOptions, getScript: string): string {
  const before = `$before={$global:LASTEXITCODE=0;${powerShellPrefix(checkSurroundings(options, 'windows'))}}\n`;
  const code = [mode, getScript, begin, options.utf8 === false ? '' : utf8, before, run].join('');
  const encoded = Buffer.from(code.trimEnd(), 'utf16le').toString('base64');
  // -InputFormat None: PowerShell leaves stdin alone instead of reading it to its end, which may never come.
  // -OutputFormat Text: PowerShell 7 writes stderr as text. 5.1 takes the option and writes XML all the same.
  return `${options.shell} -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -EncodedCommand ${encoded}`;
}
