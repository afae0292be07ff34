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
 * One command line for cmd.exe, as OpenSSH on Windows runs it (`cmd.exe /c "<command>"`, and without the outer
 * quotes when there is a pty), that runs `argv[0]` with exactly the arguments `argv[1]...`, given a program that
 * splits its command line as Microsoft's C runtime does.
 *
 * What cmd.exe makes of it, and what it cannot do:
 * - `%NAME%` is expanded even inside double quotes, and outside of a batch file nothing escapes it. A caret keeps it
 *   from being found: `^%PATH^%` looks for a variable whose name ends in `^`, finds none, and drops the carets.
 *   A variable that really has a `^` at the end of its name would defeat this.
 * - `!NAME!` is left alone unless delayed expansion was turned on for all of cmd.exe (registry value
 *   `DelayedExpansion`, off by default). No quoting is right for both.
 * - cmd.exe reads one line of at most 8191 characters: a line break is refused here, the length by cmd.exe.
 * - A built-in (`echo`, `dir`) is not a program: it sees the text with its quotes.
 * - A batch file is parsed a second time with the arguments in it, so a double quote for one is refused. It mostly
 *   hands them on to a program (`%*`), so backslashes before a closing quote are doubled as for a program: `%~1` shows
 *   `C:\a b\\` then, which Windows takes for the same folder.
 *
 * @throws TypeError for an empty array, an empty program name, NUL, a line break, half of a surrogate pair, a double
 *   quote in the program's name, or for a batch file.
 */
export function quoteCmd(argv: readonly string[]): string {
  const command = cmdCommand(argv);
  // cmd /c drops the first character and the last quote of a command that starts with a quote, which is only right
  // where sshd has put quotes around the whole. An @ in front (do not echo) stops that and changes nothing else.
  return command.startsWith('"') ? `@${command}` : command;
}

/** The same for the middle of a line, behind `&`, `&&` or `||`. */
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

/** Throws for a line break, at which cmd.exe stops reading. */
export function checkLine(name: string, text: string): void {
  if (/[\r\n]/.test(text)) {
    throw wrongSecret(name, text, 'text without a line break (cmd.exe passes none on; use stdin or a file)');
  }
}

/**
 * `text` (a word, or words in double quotes) for a line of cmd.exe that must take it literally. Quotes keep
 * everything but `%` and the quote itself; with one of these inside, each special character, the quotes too,
 * gets a caret instead, so that cmd.exe never is inside quotes, where carets would not work.
 */
export function cmdText(text: string): string {
  const simple = !text.includes('%') && /^(?:[^"]*|"[^"]*")$/.test(text);
  return simple ? text : text.replace(/[^A-Za-z0-9_\\/.\u0080-\u{10ffff}-]/gu, '^$&');
}

function cmdProgram(name: string): string {
  if (isPlainProgram(name)) return name;
  // Carets work outside of quotes only, and quotes may be opened and closed anywhere in a program's name.
  return `"${name.replaceAll('%', '"^%"')}"`.replaceAll('""', '');
}

function isPlainProgram(name: string): boolean {
  // OpenSSH on Windows replaces these words at the start of a command, whatever follows them.
  if (/^(?:scp|sftp-server|internal-sftp)/i.test(name)) return /^(?:scp|sftp-server)(?:\.exe)?$/i.test(name);
  if (/^(?:[A-Za-z]:\\)[\w.\\-]+$/.test(name) || /^\w[\w-]*$/.test(name)) return true;
  // cmd.exe may take "echo.exe" and "cd.." for the built-in with something behind it.
  return /^\w[\w-]*\.\w+$/.test(name) && !builtins.has((name.split('.')[0] ?? '').toLowerCase());
}
