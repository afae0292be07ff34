import { isPlainWord } from '../../text/shell-word.ts';
import { checkArgv } from './argv.ts';

/** Words that are shell syntax when first in a command; quoted, they name a program. */
const reservedWords = new Set(
  'case coproc do done elif else esac fi for function if in select then time until while'.split(' '),
);

/**
 * A command line for a POSIX shell (dash, bash, ksh, zsh, BusyBox) that runs `argv[0]` with exactly the arguments
 * `argv[1]...`. Not for csh or fish, whose quoting rules differ: see `quoteForAnyShell`.
 *
 * @throws {TypeError} for an empty array, a program name that is empty or starts with `%`, NUL, or a lone surrogate.
 */
export function quotePosix(argv: readonly string[]): string {
  checkArgv(argv);
  const [program, ...rest] = argv;
  return [quoteProgram(program), ...rest.map(posixWord)].join(' ');
}

/** `text` as one word: unchanged if it contains nothing special to a shell, else in single quotes. */
export function posixWord(text: string): string {
  return isPlainWord(text) ? text : singleQuoted(text);
}

function quoteProgram(program: string): string {
  // bash reads a first word that starts with % as a job specification, even when quoted.
  if (program.startsWith('%')) {
    throw new TypeError('argv[0] starts with %, which bash takes for a job; give the path of the program');
  }
  const isSpecial = isReservedWord(program) || looksLikeOption(program);
  return isSpecial ? singleQuoted(program) : posixWord(program);
}

export function isReservedWord(program: string): boolean {
  return reservedWords.has(program);
}

/** sshd runs `$SHELL -c <command>`: the shell would read a command that starts with - or + as an option. */
export function looksLikeOption(program: string): boolean {
  return /^[-+]/.test(program) && isPlainWord(program);
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
