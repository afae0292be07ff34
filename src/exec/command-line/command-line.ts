import { oneOf } from '../../check/values.ts';
import { wrongType } from '../../check/wrong.ts';
import { checkText } from '../quote/argv.ts';
import { cmdCommand, quoteCmd } from '../quote/cmd.ts';
import { quotePosix } from '../quote/posix.ts';
import { quotePowerShell } from '../quote/powershell.ts';
import { cmdPrefix } from './cmd.ts';
import { posixLine } from './posix.ts';
import { buildPowerShell, type ScriptOptions } from './powershell-script.ts';
import { checkSurroundings, type Surroundings } from './surroundings.ts';

/** The shell on the server that reads the command. */
export type Shell = 'posix' | 'cmd' | 'powershell' | 'pwsh' | 'raw';

export const shells: readonly Shell[] = ['posix', 'cmd', 'powershell', 'pwsh', 'raw'];
const checkShell = oneOf(...shells);

export interface CommandLineRequest extends Surroundings {
  command: string | readonly string[];
  shell: Shell;
  /** `powershell` and `pwsh`: force UTF-8 output, see `buildPowerShell`. Default true. */
  utf8?: boolean;
}

/** Limit in characters: that of cmd.exe, less what sshd adds. cmd.exe rejects a longer line; it does not truncate. */
const maxCmdLength = 8_100;

/**
 * The command string of an SSH exec request. A plain string with neither `cwd` nor `env` is sent unchanged.
 *
 * - `posix`: quoted so that fish, csh and tcsh read it as every POSIX shell does. With `cwd` or `env`, /bin/sh runs
 *   `cd -- <cwd> || exit 1; export A=b || exit 1;` and then the command; a plain string is still interpreted by the
 *   login shell. A `~` in `cwd` is not expanded; a relative path is relative to the directory in which sshd starts the
 *   shell, the user's home.
 * - `cmd`: `cd /d "<cwd>" || exit 1 & set "A=b" & <command>`. cmd.exe expands `%A%` in the whole line before it runs
 *   any of it: programs and batch files see a variable set here, but `%A%` in `command` itself does not expand to it.
 * - `powershell`, `pwsh`: a script in a new PowerShell process (`-EncodedCommand`), whatever the default shell is;
 *   the exit code is that of the program.
 * - `raw`: the shell is unknown, so only a plain string can be sent.
 *
 * @throws {TypeError} for an unknown shell; for an argument array, `cwd` or `env` with `raw`; for values that the shell
 *   cannot pass.
 * @throws {RangeError} for a command longer than cmd.exe accepts.
 */
export function buildCommandLine(request: CommandLineRequest): string {
  const { command, shell, cwd, env } = request;
  checkShell('shell', shell);
  checkCommand(command);
  if (isText(command) && cwd === undefined && env === undefined) return command;
  const around = checkSurroundings(request, shell === 'posix' ? 'posix' : 'windows');
  if (isText(command) && around.cwd === undefined && around.env.length === 0) return command;
  if (shell === 'raw') throw new TypeError(rawMessage(request));
  if (shell === 'posix') return posixLine(command, around);
  if (shell === 'cmd') return forCmd(command, cmdPrefix(around));
  return forPowerShell(isText(command) ? command : quotePowerShell(command), { ...request, shell });
}

/** The command as messages and results show it: without `cwd` and `env`, quoted for sh rather than for any shell. */
export function shownCommand({
  command,
  shell,
  utf8 = true,
}: Omit<CommandLineRequest, 'cwd' | 'env'>): string {
  if (isText(command)) return command;
  return shell === 'posix' ? quotePosix(command) : buildCommandLine({ command, shell, utf8 });
}

function forCmd(command: string | readonly string[], prefix: string): string {
  const line = isText(command) ? prefix + command : prefix ? prefix + cmdCommand(command) : quoteCmd(command);
  if (line.length <= maxCmdLength) return line;
  throw new RangeError(
    `the command has ${line.length} characters as one line of cmd.exe, which takes ${maxCmdLength}; ` +
      'pass long values in stdin or in a file',
  );
}

function forPowerShell(script: string, options: ScriptOptions): string {
  const built = buildPowerShell(script, options);
  if (built.stdin === undefined) return built.command;
  throw new RangeError(
    `the command is too long for one command line (${script.length} characters of PowerShell); ` +
      'pass long values in stdin or in a file, or use powershell(), which sends long scripts through stdin',
  );
}

function isText(command: string | readonly string[]): command is string {
  return typeof command === 'string';
}

function checkCommand(command: unknown): void {
  if (Array.isArray(command)) return;
  if (typeof command !== 'string') {
    throw wrongType('argument command', command, 'a string or an array of strings');
  }
  checkText('argument command', command);
  if (command.trim() === '') throw wrongType('argument command', command, 'a command that is not blank');
}

function rawMessage({ command, cwd }: CommandLineRequest): string {
  const given = isText(command) ? (cwd === undefined ? 'env' : 'cwd') : 'an argument array';
  return (
    `${given} cannot be used with shell "raw": the quoting depends on the shell. ` +
    'Name the shell of the server ("posix", "cmd", "powershell" or "pwsh"), or give one plain string'
  );
}
