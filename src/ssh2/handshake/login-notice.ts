import { printable } from '../../text/printable.ts';
import { harmless } from '../../time/harmless.ts';

/** Passes the server's `Banner` on to the user, escaped and within limits. */
export function tellUser(listener: ((notice: string) => void) | undefined, notice: string): void {
  if (!listener) return;
  const shown = notice
    .slice(0, 8_000)
    .split(/\r?\n/)
    .map((line) => printable(line, 1_000));
  // Outside ssh2's packet handler: an exception in the user's function must not end the connection.
  setImmediate(() => harmless(() => listener(shown.join('\n'))));
}
