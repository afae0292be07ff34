import { inSh, quoteForAnyShell } from '../quote/any-shell.ts';
import { posixWord, quotePosix } from '../quote/posix.ts';
import type { CheckedSurroundings } from './surroundings.ts';

/**
 * The command line for a server whose login shell is unknown. The shells differ in how they set the directory and
 * variables, so sh does that; it then runs a plain string in the login shell, as would happen without `cwd` and `env`.
 */
export function posixLine(command: string | readonly string[], around: CheckedSurroundings): string {
  const prefix = posixPrefix(around);
  if (typeof command !== 'string')
    return prefix ? inSh(prefix + quotePosix(command)) : quoteForAnyShell(command);
  if (!prefix) return command;
  // Read $SHELL first: `env` may change it.
  return inSh(`set -- "\${SHELL:-/bin/sh}"; ${prefix}exec "$1" -c ${posixWord(command)}`);
}

/** What sh runs before the command. Unlike `&&`, `|| exit 1` also works when the command is a list. */
function posixPrefix({ cwd, env }: CheckedSurroundings): string {
  const steps: string[] = [];
  if (cwd !== undefined) steps.push(`cd -- ${posixWord(plainFolder(cwd))}`);
  if (env.length > 0)
    steps.push(`export ${env.map(([name, value]) => `${name}=${posixWord(value)}`).join(' ')}`);
  return steps.map((step) => `${step} || exit 1; `).join('');
}

/** `cd -` means the previous directory, and other relative names are searched in $CDPATH; `./` prevents both. */
function plainFolder(cwd: string): string {
  return /^(?:\/|\.\.?(?:\/|$))/.test(cwd) ? cwd : `./${cwd}`;
}
