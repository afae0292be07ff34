import { labelOf, observeExec } from '../observe/exec-trace.ts';
import { RunningCommand } from './command.ts';
import { Execution } from './execution.ts';
import { noOptions, resolveExec } from './options.ts';
import type { BufferExecOptions, Command, ExecOptions, SessionOpener, TextExecOptions } from './types.ts';

/**
 * Runs a command on the server. Returns at once; if all sessions that the server allows are in use, the command is
 * queued.
 *
 * Rejects with `CommandFailed` (non-zero exit code, signal or no exit status), `ConnectionLost` (with the output so
 * far), `CommandTimeout`, `OutputLimitExceeded`, `ChannelOpenFailed` or `ChannelTimeout` (no session), with
 * `signal.reason`, or with the error of a callback or of the `stdin` stream.
 *
 * @throws {TypeError | RangeError} synchronously, for invalid arguments; nothing is sent.
 */
export function exec(
  opener: SessionOpener,
  command: string | readonly string[],
  options: BufferExecOptions,
): Command<Buffer>;
export function exec(
  opener: SessionOpener,
  command: string | readonly string[],
  options?: TextExecOptions,
): Command;
export function exec(
  opener: SessionOpener,
  command: string | readonly string[],
  options?: ExecOptions,
): Command | Command<Buffer>;
export function exec(
  opener: SessionOpener,
  command: string | readonly string[],
  options: ExecOptions = noOptions,
): Command<never> {
  const request = resolveExec(command, options, opener.serverVersion);
  const observer = observeExec(opener.where, command, options);
  request.command = labelOf(options) ?? request.command;
  return new RunningCommand(new Execution(opener, request, observer), request.encoding);
}
