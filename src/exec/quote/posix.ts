import { checkArgv } from './argv.ts';

const plainWord = /^[A-Za-z0-9_./:,@+-]+$/;

/** As the first word these mean something to the shell itself; quoted, they name a program. */
const reservedWords = new Set(
  'case coproc do done elif else esac fi for function if in select then time until while'.split(' '),
);

/**
 * One command line for a POSIX shell (dash, bash, ksh, zsh, BusyBox) that runs `argv[0]` with exactly the
 * arguments `argv[1]...`. Not for csh or fish, whose quotes follow other rules.
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
  return plainWord.test(text) ? text : singleQuoted(text);
}

// sshd runs `$SHELL -c <command>`: a command that starts with - or + would be read as an option of the shell.
function quoteProgram(program: string): string {
  // bash takes a first word with % for a job, in quotes as well.
  if (program.startsWith('%')) {
    throw new TypeError('argv[0] starts with %, which bash takes for a job; give the path of the program');
  }
  const special = reservedWords.has(program) || /^[-+]/.test(program);
  return special ? singleQuoted(program) : posixWord(program);
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
