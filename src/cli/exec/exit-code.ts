import { exitHint, shownExitCode } from '../../exec/exit-codes.ts';
import { printable } from '../../text/printable.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import type { CommandResult } from '../library.ts';
import { exitCodeOfSignal } from '../stopped.ts';

/** Turns the end of the remote command into our exit code. */
export function exitCodeOfEnd(
  { exitCode, signal }: Pick<CommandResult, 'exitCode' | 'signal'>,
  io: Io,
  platform: NodeJS.Platform = process.platform,
): number {
  if (exitCode !== null) return fitting(exitCode, io, platform);
  if (signal !== null) {
    say(io.stderr, `ssh-via-gateway: the command was ended by ${printable(signal, 40)}`);
    return exitCodeOfSignal(signal);
  }
  say(io.stderr, 'ssh-via-gateway: the server closed the session without saying how the command ended');
  return exitCodes.connection;
}

/**
 * Windows has exit codes of 32 bits, other systems of 8. What does not fit is truncated there, as in every shell; but a
 * failure must not become 0.
 */
function fitting(exitCode: number, io: Io, platform: NodeJS.Platform): number {
  if (platform === 'win32' || (exitCode >= 0 && exitCode <= 255)) return exitCode;
  const hint = exitHint(exitCode);
  say(
    io.stderr,
    `ssh-via-gateway: the command ended with ${shownExitCode(exitCode)}${hint ? `. ${hint}` : ''}`,
  );
  return exitCode & 0xff || exitCodes.failed;
}
