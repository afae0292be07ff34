import { posixWord } from '../quote/posix.ts';
import type { CheckedSurroundings } from './surroundings.ts';

/** What a POSIX shell runs before the command. `|| exit 1` holds for a list of commands, too, unlike `&&`. */
export function posixPrefix({ cwd, env }: CheckedSurroundings): string {
  const steps: string[] = [];
  if (cwd !== undefined) steps.push(`cd -- ${posixWord(plainFolder(cwd))}`);
  // A shell's read-only variables (UID) make `export` fail.
  if (env.length > 0)
    steps.push(`export ${env.map(([name, value]) => `${name}=${posixWord(value)}`).join(' ')}`);
  return steps.map((step) => `${step} || exit 1; `).join('');
}

/** `-` means the last folder, and any other relative name may be looked up in $CDPATH; with `./` neither happens. */
function plainFolder(cwd: string): string {
  return /^(?:\/|\.\.?(?:\/|$))/.test(cwd) ? cwd : `./${cwd}`;
}
