import type { Encoding } from '../../exec/types.ts';
import type { ConnectOptions } from '../../options/types.ts';
import type { JobHost, StartJobOptions } from '../types.ts';

interface CommonRunJobOptions extends Omit<StartJobOptions, 'encoding'> {
  /**
   * Milliseconds between polls of a quiet job. A job that is new or produces output is polled more often, up to every
   * 200 ms. Default 2,000.
   */
  pollInterval?: number | undefined;
  /**
   * Maximum bytes of stdout and of stderr in the result; if there was more, it is `truncated`. No output is lost:
   * `onOutput` gets all of it, and the server keeps it. Default 16 MiB (16,777,216).
   */
  maxBuffer?: number | undefined;
  /**
   * Milliseconds that the job may run, from its start by the server's clock, over all calls that wait for it. It is then
   * ended, and `runJob` rejects with `CommandTimeout`; if the server cannot be reached, about 10 seconds later and with
   * `terminated: 'unknown'`. Until the server has told when the job started, the time counts from the first request for
   * it, answered or not; connecting before that has the limits of `ConnectOptions`. Default: no limit.
   */
  timeout?: number | undefined;
  /** `false`: resolve even with a non-zero exit code or a signal. Default `true`. */
  reject?: boolean | undefined;
  /**
   * Whether to keep the job's folder on the server after the result has been fetched, so that a later call with the same
   * id gets the same result instead of running the command again. `'succeeded'` keeps it only after exit code 0, so that
   * a retry after a failure runs the command again. Default `true`; use `removeJobs` to clean up.
   */
  keep?: boolean | 'succeeded' | undefined;
  /**
   * Rejects with `signal.reason` at once. Unless `killOnAbort` is set, the job keeps running, and a later call with
   * the same id finds it.
   */
  signal?: AbortSignal | undefined;
  /** End the job when `signal` aborts. The rejection waits until it has ended, but at most about 10 s. Default `false`. */
  killOnAbort?: boolean | undefined;
}

/** Options of `runJob` with output as text. */
export interface TextRunJobOptions extends CommonRunJobOptions {
  /** Encoding of the job's output. Default `utf8`. */
  encoding?: Encoding | undefined;
  /**
   * Called with each piece of stdout, decoded. If it returns a promise, no more output is processed until that settles.
   * If it throws or rejects, `runJob` rejects with that error and the job keeps running; a new call with the same id
   * gets all output again.
   */
  onOutput?: ((text: string) => unknown) | undefined;
  /** Like `onOutput`, for stderr. */
  onErrorOutput?: ((text: string) => unknown) | undefined;
}

/** Options of `runJob` with `encoding: 'buffer'`: output as bytes. */
export interface BufferRunJobOptions extends CommonRunJobOptions {
  /** Output as bytes, undecoded. */
  encoding: 'buffer';
  /** Called with stdout as it is read, each byte once. */
  onOutput?: ((bytes: Buffer) => unknown) | undefined;
  /** Called with stderr as it is read, each byte once. */
  onErrorOutput?: ((bytes: Buffer) => unknown) | undefined;
}

/** Options of `runJob`. */
export type RunJobOptions = TextRunJobOptions | BufferRunJobOptions;

/** What `runJob` needs from a connection. */
export interface JobConnection {
  readonly jobHost: JobHost;
  close(): Promise<void>;
}

export type ConnectForJob = (options: ConnectOptions) => Promise<JobConnection>;
