import { wrongSecret } from '../../check/wrong.ts';
import { checkArgv } from './argv.ts';
import { checkForBatch, checkWindowsProgram, quoteMsvcrtArg, windowsProgram } from './msvcrt.ts';

const builtins = new Set(
  (
    'assoc break call cd chdir cls color copy date del dir dpath echo endlocal erase exit for ftype goto if keys ' +
    'md mkdir mklink move path pause popd prompt pushd rd rem ren rename rmdir set setlocal shift start time title ' +
    'type ver verify vol'
  ).split(' '),
);

/**
 * A command line for cmd.exe, as OpenSSH for Windows runs it (`cmd.exe /c "<command>"`, without the outer quotes if
 * there is a pty), that runs `argv[0]` with exactly the arguments `argv[1]...`, provided that the program splits its
 * command line as Microsoft's C runtime does.
 *
 * Behavior and limits of cmd.exe:
 * - `%NAME%` is expanded even inside double quotes, and outside a batch file it cannot be escaped. A caret prevents a
 *   match: `^%PATH^%` looks up a variable whose name ends in `^`, finds none, and the carets are dropped. A variable
 *   whose name really ends in `^` would defeat this.
 * - `!NAME!` is not expanded unless delayed expansion is enabled for all of cmd.exe (registry value
 *   `DelayedExpansion`, off by default). No quoting works for both settings.
 * - cmd.exe reads one line of at most 8191 characters. A line break is rejected here, a longer line by cmd.exe.
 * - A built-in command (`echo`, `dir`) is not a program: it sees the text including the quotes.
 * - A batch file's line is parsed a second time with the arguments in it, so double quotes in them are rejected. Batch
 *   files mostly pass their arguments on to a program (`%*`), so backslashes before a closing quote are doubled as for
 *   a program. `%~1` is then `C:\a b\\`, which Windows treats as the same directory.
 *
 * @throws {TypeError} for an empty array, an empty program name, NUL, a line break, a lone surrogate, a double quote in
 *   the program name, or a double quote in an argument of what is or may be a batch file (see `checkForBatch`).
 */
export function quoteCmd(argv: readonly string[]): string {
  const command = cmdCommand(argv);
  // cmd /c strips the first and the last quote of a command that starts with a quote, which is only right if sshd has
  // put quotes around all of it. A leading @ (do not echo) prevents that and changes nothing else.
  return command.startsWith('"') ? `@${command}` : command;
}

/** Like `quoteCmd`, for the middle of a line: after `&`, `&&` or `||`. */
export function cmdCommand(argv: readonly string[]): string {
  checkArgv(argv);
  const [name, ...rest] = argv;
  checkWindowsProgram(name);
  const program = windowsProgram(name);
  checkForBatch(program, rest);
  const words = rest.map((argument, index) => cmdArgument(argument, index + 1));
  return [cmdProgram(name), ...words].join(' ');
}

function cmdArgument(argument: string, index: number): string {
  checkLine(`argument argv[${index}]`, argument);
  return cmdText(quoteMsvcrtArg(argument));
}

/** @throws {TypeError} for a line break, at which cmd.exe stops reading. */
export function checkLine(name: string, text: string): void {
  if (/[\r\n]/.test(text)) {
    throw wrongSecret(name, text, 'text without a line break (cmd.exe passes none on; use stdin or a file)');
  }
}

/**
 * Escapes `text` (a word, or words in double quotes) so that cmd.exe takes it literally. Double quotes protect
 * everything but `%` and the quote itself. If the text contains one of these, every special character, quotes included,
 * gets a caret instead: cmd.exe is then never inside quotes, where carets do not work.
 */
export function cmdText(text: string): string {
  const simple = !text.includes('%') && /^(?:[^"]*|"[^"]*")$/.test(text);
  return simple ? text : text.replace(/[^A-Za-z0-9_\\/.\u0080-\u{10ffff}-]/gu, '^$&');
}

function cmdProgram(name: string): string {
  if (isPlainProgram(name)) return name;
  // Carets work only outside quotes, and quotes may be opened and closed anywhere in a program name.
  return `"${name.replaceAll('%', '"^%"')}"`.replaceAll('""', '');
}

function isPlainProgram(name: string): boolean {
  // OpenSSH for Windows replaces these words at the start of a command, whatever follows them.
  if (/^(?:scp|sftp-server|internal-sftp)/i.test(name)) return /^(?:scp|sftp-server)(?:\.exe)?$/i.test(name);
  if (/^(?:[A-Za-z]:\\)[\w.\\-]+$/.test(name) || /^\w[\w-]*$/.test(name)) return true;
  // cmd.exe may parse "echo.exe" and "cd.." as the built-in followed by an argument.
  return /^\w[\w-]*\.\w+$/.test(name) && !builtins.has((name.split('.')[0] ?? '').toLowerCase());
}
