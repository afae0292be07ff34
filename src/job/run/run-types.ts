import type { Encoding } from '../../exec/types.ts';
import type { ConnectOptions } from '../../options/types.ts';
import type { JobHost, StartJobOptions } from '../types.ts';

interface CommonRunJobOptions extends Omit<StartJobOptions, 'encoding'> {
  /**
   * Milliseconds between polls of a quiet job. One that is new or produces output is polled more often, at most every
   * 200 ms. Default 2,000.
   */
  pollInterval?: number | undefined;
  /**
   * Bytes of stdout and of stderr that the result contains; beyond that it is `truncated`. No output is lost:
   * `onOutput` gets all of it, and the server keeps it. Default 16 MiB.
   */
  maxBuffer?: number | undefined;
  /**
   * Milliseconds that the job may run, from its start by the server's clock, however many workers have waited for it.
   * It is then ended, and `runJob` rejects with `CommandTimeout`; if the server cannot be reached, about ten seconds
   * later, with `terminated: 'unknown'`. Default: no limit.
   */
  timeout?: number | undefined;
  /** `false`: resolve even with a non-zero exit code or a signal. Default `true`. */
  reject?: boolean | undefined;
  /**
   * Whether to keep the job's folder on the server once the result has been fetched, so that a later call with the
   * same id gets the same result instead of starting the command again. `'succeeded'`: only after exit code 0, so
   * that a retry after a failure starts the command again. Default `true`; `removeJobs` cleans up.
   */
  keep?: boolean | 'succeeded' | undefined;
  /**
   * Rejects with `signal.reason` at once. Unless `killOnAbort` is set, the job keeps running, and a later call with
   * the same id finds it.
   */
  signal?: AbortSignal | undefined;
  /** End the job when `signal` aborts; the rejection waits for that, at most about 10 seconds. Default `false`. */
  killOnAbort?: boolean | undefined;
}

/** Options of `runJob` with output as text. */
export interface TextRunJobOptions extends CommonRunJobOptions {
  /** Encoding of the job's output. Default `utf8`. */
  encoding?: Encoding | undefined;
  /**
   * Called with each piece of stdout, decoded. If it returns a promise, no more is fetched until that settles. If it
   * throws or rejects, `runJob` rejects with that error; the job keeps running. A new call with the same id gets all
   * of the output again.
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
