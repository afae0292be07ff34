/**
 * How a Windows program gets its arguments: as one string, which its own start-up code splits. Nearly all of them
 * use the rules of Microsoft's C runtime, which .NET, Go, Python, Rust and CommandLineToArgvW share as far as they
 * are used here ("Parsing C command-line arguments", learn.microsoft.com/cpp/c-language): white space separates,
 * double quotes group, a backslash is special only before a double quote.
 */

const plainArgument = /^[A-Za-z0-9_.\\/:@+-]+$/;

/**
 * `argument` as the C runtime must see it. Everything but harmless characters is put in double quotes, so that
 * programs which expand wildcards themselves (mingw's runtime, setargv.obj) leave `*` and `?` alone.
 */
export function quoteMsvcrtArg(argument: string): string {
  if (plainArgument.test(argument)) return argument;
  // Backslashes count double before a double quote: before one that is meant, and before the closing one.
  return `"${argument.replace(/(?<!\\)(\\*)"/g, '$1$1\\"').replace(/(?<!\\)\\+$/, '$&$&')}"`;
}

/** What the name of a program says about who will split its arguments. */
export type WindowsProgram = 'executable' | 'batch' | 'powershell-script' | 'unknown';

/** `unknown`: without an extension, PATHEXT may find `npm.cmd` as well as `git.exe`. */
export function windowsProgram(name: string): WindowsProgram {
  // Windows ignores spaces and dots at the end of a name.
  const bare = name.replace(/(?<![. ])[. ]+$/, '');
  // PowerShell 7 on Linux: a path from the root is not a batch file.
  if (/\.(?:exe|com)$/i.test(bare) || name.startsWith('/')) return 'executable';
  if (/\.(?:bat|cmd)$/i.test(bare)) return 'batch';
  return /\.ps1$/i.test(bare) ? 'powershell-script' : 'unknown';
}

/** Throws for a program name that no Windows file can have. */
export function checkWindowsProgram(name: string): void {
  if (/["\r\n]/.test(name)) {
    throw new TypeError(
      'argv[0] contains a double quote or a line break, which no file name on Windows can have',
    );
  }
}

/**
 * Throws for arguments that would break out of their quotes inside a batch file. A batch file has no argument
 * list: cmd.exe pastes the text in place of `%1` and `%*` and parses the line again, where a double quote in an
 * argument turns the characters behind it into syntax (the "BatBadBut" flaw, CVE-2024-24576).
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
  // An odd number of quotes in one argument exposes the contents of another.
  if (program === 'unknown' && withQuote && args.some((argument) => /[&|<>^()\r\n]/.test(argument))) {
    throw new TypeError(
      `argv[${withQuote}] contains a double quote, and there is one of & | < > ^ ( ) or a line break, which would ` +
        'be unsafe if argv[0] is a batch file; name the program with its extension (for example git.exe)',
    );
  }
}
