import { checkArgv } from './argv.ts';
import {
  checkForBatch,
  checkWindowsProgram,
  quoteMsvcrtArg,
  type WindowsProgram,
  windowsProgram,
} from './msvcrt.ts';

/** Holds the arguments that Windows PowerShell cannot pass in any other way; the program inherits it. */
const argumentsVariable = 'SSH_VIA_GATEWAY_ARGUMENTS';

/**
 * A PowerShell statement, the same for Windows PowerShell 5.1 and PowerShell 7, that runs the program `argv[0]` with
 * exactly the arguments `argv[1]...`. Its exit code is then in `$LASTEXITCODE`.
 *
 * - A name without folder and extension is looked up as a program, so that `curl`, `sc` or `sort` do not run the
 *   alias of that name. Cmdlets and functions are not programs: call them in a script.
 * - PowerShell pastes arguments together without escaping double quotes inside them (fixed in 7.3, never in 5.1).
 *   So the arguments come ready quoted for the C runtime, and 7.3 is told to paste as its forerunners did.
 * - Where 5.1 would still put its own quotes around ours (white space behind an odd number of inner double quotes),
 *   the arguments travel in the environment variable `SSH_VIA_GATEWAY_ARGUMENTS` behind `--%`.
 * - A batch file is parsed by cmd.exe with the arguments in it: a double quote for one is refused, `%` is kept.
 *   A `.ps1` file gets its arguments as they are, by position.
 *
 * @throws TypeError for an empty array, an empty program name, NUL, half of a surrogate pair, or, with a batch
 *   file, a double quote or a line break.
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
 * `text` as a string literal in single quotes. PowerShell takes the typographic quotes U+2018 to U+201B for single
 * quotes as well; each is doubled.
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
  // The marker works by its value, even in quotes.
  if (word === '--%') return '"--%"';
  if (program !== 'batch' || word === argument) return word;
  // Carets do nothing inside quotes; %cd:~,% is an empty piece of the current folder's name.
  return word.replaceAll('%', '%%cd:~,%');
}

/**
 * Whether PowerShell adds no quotes to `word`. It does when it finds white space outside of quotes, and 5.1 counts
 * an escaped quote like any other (NativeCommandParameterBinder; 6 and later look at the backslash).
 */
function passesAsItIs(word: string): boolean {
  let quotes = 0;
  for (const character of word) {
    if (character === '"') quotes += 1;
    else if (/[\s\u0085\u180e]/.test(character) && quotes % 2 === 0) return false;
  }
  return true;
}
