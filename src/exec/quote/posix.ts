import { isPlainWord } from '../../text/shell-word.ts';
import { checkArgv } from './argv.ts';

/** As the first word these mean something to the shell itself; quoted, they name a program. */
const reservedWords = new Set(
  'case coproc do done elif else esac fi for function if in select then time until while'.split(' '),
);

/**
 * One command line for a POSIX shell (dash, bash, ksh, zsh, BusyBox) that runs `argv[0]` with exactly the
 * arguments `argv[1]...`. Not for csh or fish, whose quotes follow other rules: see `quoteForAnyShell`.
 *
 * @throws TypeError for an empty array, an empty program name or one that starts with `%`, NUL, half of a
 *   surrogate pair.
 */
export function quotePosix(argv: readonly string[]): string {
  checkArgv(argv);
  const [program, ...rest] = argv;
  return [quoteProgram(program), ...rest.map(posixWord)].join(' ');
}

/** `text` as one word: unchanged where no shell sees anything in it, else in single quotes. */
export function posixWord(text: string): string {
  return isPlainWord(text) ? text : singleQuoted(text);
}

function quoteProgram(program: string): string {
  // bash takes a first word with % for a job, in quotes as well.
  if (program.startsWith('%')) {
    throw new TypeError('argv[0] starts with %, which bash takes for a job; give the path of the program');
  }
  const isSpecial = isReservedWord(program) || looksLikeOption(program);
  return isSpecial ? singleQuoted(program) : posixWord(program);
}

export function isReservedWord(program: string): boolean {
  return reservedWords.has(program);
}

/** sshd runs `$SHELL -c <command>`: a command that starts with - or + would be read as an option of the shell. */
export function looksLikeOption(program: string): boolean {
  return /^[-+]/.test(program) && isPlainWord(program);
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
