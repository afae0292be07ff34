import { checkArgv } from './argv.ts';
import {
  checkForBatch,
  checkWindowsProgram,
  quoteMsvcrtArg,
  type WindowsProgram,
  windowsProgram,
} from './msvcrt.ts';

/** The environment variable for arguments that Windows PowerShell cannot pass otherwise; the program inherits it. */
const argumentsVariable = 'SSH_VIA_GATEWAY_ARGUMENTS';

/**
 * A PowerShell statement that runs the program `argv[0]` with exactly the arguments `argv[1]...`, in Windows PowerShell
 * 5.1 and in PowerShell 7. The program's exit code is then in `$LASTEXITCODE`.
 *
 * - A name without directory and extension is looked up as a program, so that `curl`, `sc` or `sort` do not run the
 *   alias of that name. Cmdlets and functions are not programs: call them in a script.
 * - PowerShell joins arguments without escaping double quotes inside them (fixed in 7.3, never in 5.1). So arguments are
 *   already quoted for the C runtime, and 7.3 is told to join them as earlier versions did.
 * - Where 5.1 would still add its own quotes around ours (white space after an odd number of inner double quotes), the
 *   arguments are passed in the environment variable `SSH_VIA_GATEWAY_ARGUMENTS`, expanded after `--%`.
 * - cmd.exe parses a batch file with the arguments in it: double quotes in them are rejected, `%` is kept literal. A
 *   `.ps1` file gets its arguments unchanged, by position.
 *
 * @throws {TypeError} for an empty array, an empty program name, NUL, a lone surrogate, or a double quote or line break
 *   in an argument of what is or may be a batch file (see `checkForBatch`).
 */
export function quotePowerShell(argv: readonly string[]): string {
  checkArgv(argv);
  const [name, ...rest] = argv;
  checkWindowsProgram(name);
  const program = windowsProgram(name);
  if (program === 'powershell-script') return ['&', ...argv.map(powerShellString)].join(' ');
  checkForBatch(program, rest);
  const words = rest.map((argument) => nativeWord(argument, program));
  const legacy = words.some((word, index) => word !== rest[index]);
  return `${legacy ? "$PSNativeCommandArgumentPassing='Legacy';" : ''}${call(programReference(name), words)}`;
}

/**
 * `text` as a string literal in single quotes. PowerShell also treats the typographic quotes U+2018 to U+201B as single
 * quotes; all are doubled.
 */
export function powerShellString(text: string): string {
  return `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;
}

function call(program: string, words: string[]): string {
  if (words.every(passesAsItIs)) return ['&', program, ...words.map(powerShellString)].join(' ');
  const line = powerShellString(words.join(' '));
  return `$env:${argumentsVariable}=${line};& ${program} '--%' '%${argumentsVariable}%'`;
}

function programReference(name: string): string {
  if (/[\\/.:]/.test(name)) return powerShellString(name);
  const pattern = powerShellString(name.replace(/[*?[\]`]/g, '`$&'));
  return `(Get-Command -CommandType Application -TotalCount 1 -ErrorAction Stop ${pattern})`;
}

function nativeWord(argument: string, program: WindowsProgram): string {
  const word = quoteMsvcrtArg(argument);
  // PowerShell recognizes --% by value, even when quoted.
  if (word === '--%') return '"--%"';
  if (program !== 'batch' || word === argument) return word;
  // Carets do nothing inside quotes. %cd:~,% is an empty substring of the current directory.
  return word.replaceAll('%', '%%cd:~,%');
}

/**
 * Whether PowerShell passes `word` without adding quotes. It adds them if there is white space outside quotes, and 5.1
 * counts an escaped quote like any other (NativeCommandParameterBinder; 6 and later respect the backslash).
 */
function passesAsItIs(word: string): boolean {
  let quotes = 0;
  for (const character of word) {
    if (character === '"') quotes += 1;
    else if (/[\s\u0085\u180e]/.test(character) && quotes % 2 === 0) return false;
  }
  return true;
}
