import { inSh, quoteForAnyShell } from '../quote/any-shell.ts';
import { posixWord, quotePosix } from '../quote/posix.ts';
import type { CheckedSurroundings } from './surroundings.ts';

/**
 * The line for a server with an unknown login shell. Folder and variables are set the same way everywhere, so sh does
 * it; a plain string is then run by the login shell again, as without them.
 */
export function posixLine(command: string | readonly string[], around: CheckedSurroundings): string {
  const prefix = posixPrefix(around);
  if (typeof command !== 'string')
    return prefix ? inSh(prefix + quotePosix(command)) : quoteForAnyShell(command);
  if (!prefix) return command;
  // Taken first: `env` may name SHELL.
  return inSh(`set -- "\${SHELL:-/bin/sh}"; ${prefix}exec "$1" -c ${posixWord(command)}`);
}

/** What sh runs before the command. `|| exit 1` holds for a list of commands, too, unlike `&&`. */
function posixPrefix({ cwd, env }: CheckedSurroundings): string {
  const steps: string[] = [];
  if (cwd !== undefined) steps.push(`cd -- ${posixWord(plainFolder(cwd))}`);
  if (env.length > 0)
    steps.push(`export ${env.map(([name, value]) => `${name}=${posixWord(value)}`).join(' ')}`);
  return steps.map((step) => `${step} || exit 1; `).join('');
}

/** `-` means the last folder, and any other relative name may be looked up in $CDPATH; with `./` neither happens. */
function plainFolder(cwd: string): string {
  return /^(?:\/|\.\.?(?:\/|$))/.test(cwd) ? cwd : `./${cwd}`;
}
