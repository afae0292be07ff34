import { anyShellWord } from '../../text/shell-word.ts';
import { checkArgv } from './argv.ts';
import { isReservedWord, looksLikeOption, quotePosix } from './posix.ts';

/*
 * sshd gives a command to the login shell of the account, which nobody has to tell us: it may be fish, csh or tcsh.
 * What is made here reads the same in all of them and in every POSIX shell, so that no one needs to ask. Not in elvish and
 * rc: outside of quotes a backslash is a letter there, and what follows a single quote could be a command. Nor can it be made
 * to: rc writes a quote as two, so that behind ours it takes for text what is code to the others and the reverse; csh wants
 * a backslash before `!`, which elvish and rc then pass on; and a backslash before another one is one for fish, two for
 * elvish and rc in whatever way it is written so that csh reads it. A script that holds none of these and makes them anew
 * (`tr`) would need /bin/sh where today an array needs nothing, and a word that those two refuse would have to be a command of
 * its own, which servers without a shell refuse as well.
 */

/** fish and csh take these for their own as the first word, fish in quotes as well. */
const theirWords = new Set(
  '@ and begin breaksw builtin default end endif endsw foreach goto not onintr or repeat switch'.split(' '),
);

/** A command line on which every login shell runs `argv[0]` with exactly the arguments `argv[1]...`. */
export function quoteForAnyShell(argv: readonly string[]): string {
  checkArgv(argv);
  const [program, ...rest] = argv;
  const forSh = quotePosix(argv);
  const isWord = theirWords.has(program) || isReservedWord(program);
  if (isWord || argv.some(hasLineBreak)) return inSh(forSh);
  const first = looksLikeOption(program) ? `'${program}'` : anyShellWord(program);
  return [first, ...rest.map(anyShellWord)].join(' ');
}

/** A command line on which every login shell lets `/bin/sh` run a script, in its own place. */
export function inSh(script: string): string {
  if (!hasLineBreak(script)) return `exec /bin/sh -c ${anyShellWord(script)}`;
  const lines = script.split('\n').map(anyShellWord);
  return `exec /bin/sh -c ${anyShellWord(joinLines)} sh ${lines.join(' ')}`;
}

/** csh passes on no line break, whatever the quotes: each line of a script is sent as a separate word. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of sh
const joinLines = '_s=$1; shift; _n=$(echo; echo .); for _l do _s=$_s${_n%.}$_l; done; exec /bin/sh -c "$_s"';

function hasLineBreak(text: string): boolean {
  return text.includes('\n');
}
