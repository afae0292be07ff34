import { printable } from '../../text/printable.ts';
import { harmless } from '../../time/harmless.ts';

/** Tells the user what the server's `Banner` says, escaped and within limits. */
export function tellUser(listener: ((notice: string) => void) | undefined, notice: string): void {
  if (!listener) return;
  const shown = notice
    .slice(0, 8_000)
    .split(/\r?\n/)
    .map((line) => printable(line, 1_000));
  // Out of ssh2's packet handler: what the user's function throws must not end the connection.
  setImmediate(() => harmless(() => listener(shown.join('\n'))));
}
