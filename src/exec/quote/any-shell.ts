import { anyShellWord } from '../../text/shell-word.ts';
import { checkArgv } from './argv.ts';
import { isReservedWord, looksLikeOption, quotePosix } from './posix.ts';

/*
 * sshd passes a command to the account's login shell, which we do not know: it may be fish, csh or tcsh. The quoting
 * here means the same in all of them and in every POSIX shell, so there is no need to ask.
 *
 * It does not work in elvish and rc. There a backslash outside quotes is an ordinary character, so text after a single
 * quote could become a command. No quoting works for all of these shells:
 * - rc writes a quote as two, so after one of ours it reads text as code and code as text;
 * - csh needs a backslash before `!`, which elvish and rc pass on;
 * - two backslashes, in any form that csh reads as intended, are one to fish and two to elvish and rc.
 * A script that contains none of these characters and recreates them (with `tr`) would need /bin/sh, which a plain array
 * does not need today. A guard that fails in elvish and rc would have to be a command of its own, which servers without
 * a shell refuse as well.
 */

/** Words that fish and csh treat as their own when first in a command; fish even when quoted. */
const theirWords = new Set(
  '@ and begin breaksw builtin default end endif endsw foreach goto not onintr or repeat switch'.split(' '),
);

/** A command line with which every login shell runs `argv[0]` with exactly the arguments `argv[1]...`. */
export function quoteForAnyShell(argv: readonly string[]): string {
  checkArgv(argv);
  const [program, ...rest] = argv;
  const forSh = quotePosix(argv);
  const isWord = theirWords.has(program) || isReservedWord(program);
  if (isWord || argv.some(hasLineBreak)) return inSh(forSh);
  const first = looksLikeOption(program) ? `'${program}'` : anyShellWord(program);
  return [first, ...rest.map(anyShellWord)].join(' ');
}

/** A command line with which every login shell replaces itself (`exec`) with `/bin/sh` running `script`. */
export function inSh(script: string): string {
  if (!hasLineBreak(script)) return `exec /bin/sh -c ${anyShellWord(script)}`;
  const lines = script.split('\n').map(anyShellWord);
  return `exec /bin/sh -c ${anyShellWord(joinLines)} sh ${lines.join(' ')}`;
}

/** csh cannot pass a line break, however it is quoted: each line of a script is sent as a separate word. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of sh
const joinLines = '_s=$1; shift; _n=$(echo; echo .); for _l do _s=$_s${_n%.}$_l; done; exec /bin/sh -c "$_s"';

function hasLineBreak(text: string): boolean {
  return text.includes('\n');
}
