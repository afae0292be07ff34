import {
  ChannelTimeout,
  isSshError,
  type SftpFailed,
  type SshError,
  TransferFailed,
  TransferStalled,
} from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import { OpenElsewhere } from './local-in-use.ts';
import type { TransferRun } from './run.ts';

/** The error for a path whose transfer failed. */
export function transferFailed(
  run: TransferRun,
  path: string,
  reason: string,
  cause?: unknown,
  hint?: string,
): TransferFailed {
  return new TransferFailed(`The ${run.what} failed at ${quoted(path)}: ${reason}`, {
    ...run.where,
    phase: 'transfer',
    path: printable(path),
    transferred: run.progress.transferred,
    reason,
    cause,
    hint: hint ?? (cause instanceof OpenElsewhere ? cause.hint : undefined),
    retryable: isSshError(cause) || cause instanceof OpenElsewhere ? cause.retryable : false,
  });
}

/**
 * One path, or both paths of a file: errors of the server are reported for the remote path, all others for the local.
 */
type At = string | { local: string; remote: string };

/**
 * The error that the caller gets for an error at a path. Loss of the connection, a stall, unsafe names and the caller's
 * own errors stay unchanged; errors of the server and of the local file system get the path.
 */
export function explain(run: TransferRun, at: At, error: unknown): unknown {
  const { local, remote } = typeof at === 'string' ? { local: at, remote: at } : at;
  if (run.failed) return run.error;
  if (error instanceof TransferFailed || error instanceof TransferStalled) return error;
  if (error instanceof ChannelTimeout) return run.stalled(error);
  if (isSshError(error)) return error.code === 'SSH_SFTP_FAILED' ? fromServer(run, remote, error) : error;
  if (error instanceof Error) return transferFailed(run, local, printable(error.message), error);
  return error;
}

function fromServer(run: TransferRun, path: string, error: SshError): TransferFailed {
  const { operation, reason, status } = error as SftpFailed;
  // Without a status the server did not refuse: its reply was invalid.
  const what =
    status === undefined && reason
      ? reason
      : `the server refused ${operation}: ${reason ?? 'no reason given'}`;
  return transferFailed(run, path, what, error, error.hint);
}

export function wrongSize(
  run: TransferRun,
  path: string,
  expected: number,
  found: number | undefined,
): TransferFailed {
  return transferFailed(run, path, `the copy has ${found ?? 'an unknown number of'} bytes, not ${expected}`);
}
