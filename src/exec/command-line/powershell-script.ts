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
   * Switch the console and PowerShell to UTF-8. Default true. With false the PC's own code pages remain (949 on a
   * Korean PC), for callers that decode them.
   */
  utf8?: boolean;
}

interface PowerShellInvocation {
  /** Safe in cmd.exe, PowerShell and POSIX shells: it contains no character that is special in any of them. */
  command: string;
  /** If the script is too long for the command line: text to write to stdin before anything else. */
  stdin?: string;
}

/** cmd.exe, the usual default shell, accepts 8191 characters, including its own path and `/c`. */
const maxCommandLength = 8_000;

/**
 * The command that runs `script` in a new PowerShell process.
 *
 * - `$ErrorActionPreference` is `Stop`. An error that the script does not catch, including a syntax error, goes to
 *   stderr as plain text, and the exit code is 1.
 * - `exit n` in the script gives exit code n. A script that runs to its end gives `$LASTEXITCODE`: the exit code of the
 *   last program it ran, or 0 if it ran none. A script that tolerates a program's failure should end with `exit 0`.
 * - Console output, console input and what is piped to programs are UTF-8 without a byte order mark. A program that
 *   ignores the console's code page still writes in its own encoding.
 * - The script is a script block: `param`, `using` and `return` work, and line numbers in errors are those of the
 *   script. Its stdin is available as `[Console]::In`; `$input` is empty.
 * - Progress bars are silenced. Messages that PowerShell 5.1 still serializes to stderr (warnings, verbose messages)
 *   are decoded by `createClixmlFilter`.
 *
 * A long script is sent through stdin as base64 and read by its exact length, so the caller's own stdin can follow.
 *
 * @throws {TypeError} if `script` is not a string, or contains NUL or a lone surrogate.
 * @throws {RangeError} if `cwd` and `env` alone are too long for a command line.
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
  // -InputFormat None: PowerShell does not read stdin to its end, which may never come.
  // -OutputFormat Text: PowerShell 7 writes stderr as text. 5.1 accepts the option but still writes XML.
  return `${options.shell} -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -EncodedCommand ${encoded}`;
}
