import { spawnSync } from 'node:child_process';
import type { Io } from '../io.ts';

/**
 * Resets the terminal when a session is cut off: the cursor may be hidden, the mouse tracked, pasted text bracketed, or
 * the alternate screen shown.
 */
const normalAgain = '\x1b[?1047l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m';

/**
 * Every key goes to the shell, even Ctrl-C. Returns a function that restores the terminal; further calls do nothing.
 */
export function makeRaw({ stdin, stdout }: Io): (wasCut: boolean) => void {
  const wasRaw = stdin.isRaw ?? false;
  let isRaw = true;
  const restore = (wasCut: boolean) => {
    if (!isRaw) return;
    isRaw = false;
    process.off('exit', onExit);
    stdin.setRawMode?.(wasRaw);
    if (wasCut && stdout.isTTY && !stdout.destroyed) stdout.write(normalAgain);
  };
  // After a second signal or a fault of ours, the process ends without further notice.
  const onExit = () => restore(true);
  process.on('exit', onExit);
  stdin.setRawMode?.(true);
  if (stdin === process.stdin) showAsItIs();
  return restore;
}

/**
 * Node's raw mode still turns each line feed on output into CR LF, but programs on the server mean a plain line feed
 * when they send one. Leaving raw mode undoes this as well. A Windows console does not do it.
 */
function showAsItIs(): void {
  if (process.platform === 'win32') return;
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'], timeout: 2_000 });
}
