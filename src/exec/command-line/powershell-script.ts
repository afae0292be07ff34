import { Buffer } from 'node:buffer';
import { checkText } from '../quote/argv.ts';
import { powerShellString } from '../quote/powershell.ts';
import { powerShellPrefix } from './powershell.ts';
import { checkSurroundings, type Surroundings } from './surroundings.ts';

export interface PowerShellOptions extends Surroundings {
  /** `powershell` is Windows PowerShell 5.1, on every Windows PC; `pwsh` is PowerShell 7, on any system. */
  shell: 'powershell' | 'pwsh';
  /**
   * Make the console and PowerShell speak UTF-8. Default true. With false the PC's own code pages stay (949 on a
   * Korean one), for a caller who decodes these.
   */
  utf8?: boolean;
}

export interface PowerShellInvocation {
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
export function buildPowerShell(script: string, options: PowerShellOptions): PowerShellInvocation {
  checkText('script', script);
  const inline = encodedCommand(options, bootstrap(powerShellString(script), options));
  if (inline.length <= maxCommandLength) return { command: inline };
  const stdin = Buffer.from(script, 'utf8').toString('base64');
  const command = encodedCommand(options, readScript(stdin.length) + bootstrap('$s', options));
  if (command.length <= maxCommandLength) return { command, stdin };
  throw new RangeError(
    'cwd and env are too long for one command line, which cmd.exe ends at 8191 characters; ' +
      'set long values in the script itself',
  );
}

function encodedCommand({ shell }: PowerShellOptions, code: string): string {
  const encoded = Buffer.from(code, 'utf16le').toString('base64');
  // -InputFormat None: PowerShell leaves stdin alone instead of reading it to its end, which may never come.
  // -OutputFormat Text: PowerShell 7 writes stderr as text. 5.1 takes the option and writes XML all the same.
  return `${shell} -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -EncodedCommand ${encoded}`;
}

function bootstrap(scriptExpression: string, options: PowerShellOptions): string {
  const before = powerShellPrefix(checkSurroundings(options, 'windows'));
  return [
    "$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue'",
    // PowerShell 7: colours off, and a program's exit code stays a number instead of an error.
    "if($PSStyle){$PSStyle.OutputRendering='PlainText'};$PSNativeCommandUseErrorActionPreference=$false",
    ...(options.utf8 === false ? [] : forceUtf8),
    '$global:LASTEXITCODE=0',
    // Out-Default writes what is still being formatted before `exit` can cut it off.
    `try{${before}&([ScriptBlock]::Create(${scriptExpression}))|Out-Default}`,
    'catch{[Console]::Error.WriteLine(($_|Out-String -Width 4096).Trim());exit 1}',
    'exit $LASTEXITCODE',
  ].join('\n');
}

// Without a console the code page cannot be set; then only PowerShell's own output can be made UTF-8.
const forceUtf8 = [
  '$OutputEncoding=New-Object Text.UTF8Encoding $false',
  'try{[Console]::OutputEncoding=$OutputEncoding;[Console]::InputEncoding=$OutputEncoding}catch{',
  '$w=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$OutputEncoding);$w.AutoFlush=$true;[Console]::SetOut($w)',
  '$w=New-Object IO.StreamWriter([Console]::OpenStandardError(),$OutputEncoding);$w.AutoFlush=$true;[Console]::SetError($w)}',
];

function readScript(length: number): string {
  return [
    `$b=New-Object byte[] ${length};$r=0;$i=[Console]::OpenStandardInput()`,
    'while($r -lt $b.Length){$k=$i.Read($b,$r,$b.Length-$r)',
    "if($k -lt 1){[Console]::Error.WriteLine('The script did not arrive whole.');exit 1};$r+=$k}",
    '$s=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Text.Encoding]::ASCII.GetString($b)))',
    '',
  ].join('\n');
}
