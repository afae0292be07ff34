import { checkOptions } from '../../check/options.ts';
import type { CommandResult } from '../../exec/types.ts';
import type { ConnectOptions } from '../../options/types.ts';
import { runChecks } from '../checks.ts';
import { resolveStart } from '../options.ts';
import { JobRun } from './job-run.ts';
import type { ConnectForJob, RunJobOptions } from './run-types.ts';

/**
 * Runs a command to its end, however often the tunnel breaks: connects, starts the job or finds it, follows its output
 * without gaps or repetition, reconnects if the connection is lost, and resolves with the result.
 *
 * @throws {CommandFailed} for a non-zero exit code or a signal, unless `reject: false`.
 * @throws {JobLost} if its process is gone without an exit code. It is not started again.
 * @throws {JobConflict} if another command has this id.
 * @throws {JobAccessFailed} if the server cannot start it.
 * @throws {CommandTimeout} if the job ran longer than `timeout`.
 * @throws what `connectViaGateway` throws, if the error is permanent (`AuthenticationFailed`, `HostKeyMismatch`) or all
 *   attempts failed. The job keeps running; a later call with the same id finds it.
 * @throws {ConnectionLost | ChannelTimeout | ChannelOpenFailed | JobAccessFailed} if `retry.attempts` connections in a
 *   row brought nothing new (see `Links`).
 * @throws `signal.reason` when the signal aborts; with `killOnAbort`, after the job was ended.
 * @throws {TypeError | RangeError} for invalid arguments.
 */
export async function runJobOver(
  connect: ConnectForJob,
  connectOptions: ConnectOptions,
  command: string | readonly string[],
  options: RunJobOptions,
): Promise<CommandResult<string | Buffer>> {
  checkRunOptions(command, options);
  return await new JobRun(connect, connectOptions, command, options).run();
}

function checkRunOptions(command: string | readonly string[], options: RunJobOptions): void {
  checkOptions(options, runChecks);
  // Without the option `shell`, quoting depends on the server and is checked once connected.
  if (options.shell !== undefined) resolveStart(command, options, options.shell !== 'posix');
}
