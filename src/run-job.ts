import { connectViaGateway } from './connect-via-gateway.ts';
import type { CommandResult } from './exec/types.ts';
import type {
  BufferRunJobOptions,
  JobConnection,
  RunJobOptions,
  TextRunJobOptions,
} from './job/run/run-types.ts';
import type { ConnectOptions } from './options/types.ts';

/**
 * Runs a command to its end, however often the tunnel breaks: connects, starts or finds the job, follows its output
 * without gaps or repeats, reconnects when the connection is lost, and resolves with the result.
 *
 * The same `id` is never started twice, by however many workers: a worker that was killed and restarted calls this
 * with the same arguments and gets the same output and result. To that end the job's folder stays on the server
 * (option `keep`; `connection.removeJobs` cleans up).
 *
 * @example
 * const { stdout } = await runJob(
 *   { host: 'gateway.example.com', port: 9012, username: 'rpa', privateKeyPath: '~/.ssh/id_ed25519' },
 *   'C:\\rpa\\run.cmd invoice',
 *   { id: `invoice-${runId}`, encoding: 'cp949', onOutput: (text) => process.stdout.write(text) },
 * );
 *
 * @throws {CommandFailed} for a non-zero exit code or a signal, unless `reject: false`.
 * @throws {JobLost} if its process is gone without an exit code. It is not started again.
 * @throws {JobConflict} if another command has this id.
 * @throws {JobAccessFailed} when the server cannot start it.
 * @throws {SshError} whatever `connectViaGateway` throws, if connecting failed for good (`AuthenticationFailed`,
 *   `HostKeyMismatch`) or all attempts failed. The job keeps running; a later call with the same id finds it.
 * @throws {ConnectionLost | ChannelTimeout | ChannelOpenFailed | JobAccessFailed} if `retry.attempts` connections in a
 *   row (at least three) broke within ten seconds and brought nothing new of the job, with all of them in
 *   `error.attempts`. The waits of `retry` are kept from login to login. The job keeps running here, too.
 * @throws `signal.reason` at once if the signal aborts; the job keeps running, unless `killOnAbort` is set.
 */
export function runJob(
  connectOptions: ConnectOptions,
  command: string | readonly string[],
  options: BufferRunJobOptions,
): Promise<CommandResult<Buffer>>;
export function runJob(
  connectOptions: ConnectOptions,
  command: string | readonly string[],
  options: TextRunJobOptions,
): Promise<CommandResult>;
export async function runJob(
  connectOptions: ConnectOptions,
  command: string | readonly string[],
  options: RunJobOptions,
): Promise<CommandResult<never>> {
  const { runJobOver } = await import('./job/run/run-job.ts');
  return runJobOver(connectForJob, connectOptions, command, options) as Promise<CommandResult<never>>;
}

async function connectForJob(options: ConnectOptions): Promise<JobConnection> {
  const { jobHost } = await import('./job/host/exec-host.ts');
  const connection = await connectViaGateway(options);
  const { host, port = 22 } = options;
  const { serverVersion } = connection;
  return {
    jobHost: jobHost({
      where: { host, port },
      serverVersion,
      exec: (line, execOptions) => connection.exec(line, execOptions),
    }),
    close: () => connection.close(),
  };
}
