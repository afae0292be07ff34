import { printable } from '../../text/printable.ts';
import { exitCodeOfEnd } from '../exec/exit-code.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import type { JobStatus } from '../library.ts';

const statusCodes = { succeeded: 0, failed: 1, running: 3, lost: 4 } as const;

/** A job's state as an exit code, for scripts that poll. */
export function codeOfStatus(status: JobStatus): number {
  if (status.state === 'running') return statusCodes.running;
  if (status.state === 'lost') return statusCodes.lost;
  return status.state === 'exited' && status.exitCode === 0 ? statusCodes.succeeded : statusCodes.failed;
}

export function statusInWords(status: JobStatus): string {
  if (status.state === 'exited') return `exited with ${status.exitCode}`;
  if (status.state === 'killed') return `killed${status.signal ? ` by ${printable(status.signal, 40)}` : ''}`;
  return status.state === 'lost' ? `lost: ${status.reason}` : 'running';
}

/** How a job ended, as our own exit code: the same as `exec` would return. */
export function codeOfEnd(status: JobStatus, io: Io): number {
  if (status.state === 'exited') return exitCodeOfEnd({ exitCode: status.exitCode, signal: null }, io);
  if (status.state === 'killed')
    return exitCodeOfEnd({ exitCode: null, signal: status.signal ?? 'SIGKILL' }, io);
  say(io.stderr, `ssh-via-gateway: the job is ${statusInWords(status)}`);
  return exitCodes.connection;
}
