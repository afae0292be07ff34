import { spawnSync } from 'node:child_process';
import type { Io } from '../io.ts';

/**
 * Switched off when a session ends that could not end by itself: the cursor may be hidden, the mouse reported, what is
 * pasted wrapped, another screen shown.
 */
const normalAgain = '\x1b[?1047l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m';

/** Every key goes to the shell, Ctrl-C too. Returns what gives the terminal back; called twice, it does nothing more. */
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
  // A second signal, or a fault of ours, ends the process without another word.
  const onExit = () => restore(true);
  process.on('exit', onExit);
  stdin.setRawMode?.(true);
  if (stdin === process.stdin) showAsItIs();
  return restore;
}

/**
 * Node's raw mode still makes a carriage return of each line feed that is shown; programs on the server mean a line feed
 * when they send one. The end of raw mode takes this back as well. A Windows console does not do it.
 */
function showAsItIs(): void {
  if (process.platform === 'win32') return;
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'], timeout: 2_000 });
}
