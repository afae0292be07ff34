/**
 * A Windows program gets its arguments as one string, which its own startup code splits. Nearly all programs follow
 * Microsoft's C runtime; .NET, Go, Python, Rust and CommandLineToArgvW agree on the rules used here ("Parsing C
 * command-line arguments", learn.microsoft.com/cpp/c-language): white space separates, double quotes group, and a
 * backslash is special only before a double quote.
 */

const plainArgument = /^[A-Za-z0-9_.\\/:@+-]+$/;

/**
 * Quotes an argument for the C runtime. Anything beyond plain characters is put in double quotes, so that programs which
 * expand wildcards themselves (mingw's runtime, setargv.obj) do not expand `*` and `?`.
 */
export function quoteMsvcrtArg(argument: string): string {
  if (plainArgument.test(argument)) return argument;
  // Backslashes are doubled before a double quote: a literal one, and the closing one.
  return `"${argument.replace(/(?<!\\)(\\*)"/g, '$1$1\\"').replace(/(?<!\\)\\+$/, '$&$&')}"`;
}

/** The kind of program by its name, which decides what will split its arguments. */
export type WindowsProgram = 'executable' | 'batch' | 'powershell-script' | 'unknown';

/** `unknown`: without an extension, PATHEXT may find `npm.cmd` as well as `git.exe`. */
export function windowsProgram(name: string): WindowsProgram {
  // Windows ignores trailing spaces and dots.
  const bare = name.replace(/(?<![. ])[. ]+$/, '');
  // PowerShell 7 on Linux: an absolute POSIX path is not a batch file.
  if (/\.(?:exe|com)$/i.test(bare) || name.startsWith('/')) return 'executable';
  if (/\.(?:bat|cmd)$/i.test(bare)) return 'batch';
  return /\.ps1$/i.test(bare) ? 'powershell-script' : 'unknown';
}

/** @throws {TypeError} for a program name that no Windows file can have. */
export function checkWindowsProgram(name: string): void {
  if (/["\r\n]/.test(name)) {
    throw new TypeError(
      'argv[0] contains a double quote or a line break, which no file name on Windows can have',
    );
  }
}

/**
 * Rejects arguments that could break out of their quotes inside a batch file. A batch file has no argument list: cmd.exe
 * substitutes the text for `%1` and `%*` and parses the line again, and a double quote in an argument turns the
 * characters after it into syntax ("BatBadBut", CVE-2024-24576).
 *
 * @throws {TypeError} naming the argument.
 */
export function checkForBatch(program: WindowsProgram, args: readonly string[]): void {
  const withQuote = args.findIndex((argument) => argument.includes('"')) + 1;
  const withLineBreak = args.findIndex((argument) => /[\r\n]/.test(argument)) + 1;
  if (program === 'batch' && withLineBreak) {
    throw new TypeError(`argv[${withLineBreak}] contains a line break, which a batch file cannot receive`);
  }
  if (program === 'batch' && withQuote) {
    throw new TypeError(
      `argv[${withQuote}] contains a double quote, which a batch file cannot receive safely; ` +
        'pass the text in a file, in stdin or in an environment variable',
    );
  }
  // An odd number of quotes in one argument leaves another argument unquoted.
  if (program === 'unknown' && withQuote && args.some((argument) => /[&|<>^()\r\n]/.test(argument))) {
    throw new TypeError(
      `argv[${withQuote}] contains a double quote, and there is one of & | < > ^ ( ) or a line break, which would ` +
        'be unsafe if argv[0] is a batch file; name the program with its extension (for example git.exe)',
    );
  }
}
