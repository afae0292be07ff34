import type { Checks } from '../../check/options.ts';
import { abortSignal, limit } from '../../check/values.ts';

/** Options of `Connection.sftp`. */
export interface SftpOptions {
  /** Stops opening the session; the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds until the session must be open, waiting for a free one (MaxSessions) included. Default: the
   * connection's `timeouts.channel`.
   */
  timeout?: number | undefined;
  /** Milliseconds to wait for the reply to a request, once all earlier ones are answered. Default 60,000. */
  requestTimeout?: number | undefined;
}

export const sftpChecks: Checks<SftpOptions> = {
  signal: abortSignal,
  timeout: limit(),
  requestTimeout: limit(),
};
