import { quoted } from '../../text/printable.ts';
import { checkLine, cmdText } from '../quote/cmd.ts';
import type { CheckedSurroundings } from './surroundings.ts';

/**
 * What cmd.exe runs before the command. `a || exit 1 & b` parses as `(a || exit 1) & b`, so `b` may also be a list of
 * commands. The prefix never starts with a quote, so `cmd /c` does not strip any of ours.
 */
export function cmdPrefix({ cwd, env }: CheckedSurroundings): string {
  const steps: string[] = [];
  if (cwd !== undefined) steps.push(`cd /d ${folder(cwd)} || exit 1 & `);
  for (const [name, value] of env) steps.push(assignment(name, value));
  return steps.join('');
}

function folder(cwd: string): string {
  checkLine('cwd', cwd);
  if (/^[\\/]{2}/.test(cwd)) throw new TypeError(uncMessage(cwd));
  if (/["*?<>|]/.test(cwd))
    throw new TypeError('cwd contains a character that no folder name on Windows can have');
  // cd takes the text between the quotes literally; backslashes are not escapes.
  return cmdText(`"${cwd.replaceAll('/', '\\')}"`);
}

function uncMessage(cwd: string): string {
  return (
    `option cwd: ${quoted(cwd)} given; a folder on a drive (cmd.exe works in no \\\\server\\share and no \\\\?\\ path: ` +
    'use shell "powershell", or whole paths in the command) would be right'
  );
}

/** `set "A=b"` assigns everything up to the last quote, so trailing spaces are neither lost nor added. */
function assignment(name: string, value: string): string {
  checkLine(`env.${name}`, value);
  return `set ${cmdText(`"${name}=${value}"`)} & `;
}
