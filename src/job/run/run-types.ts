import type { Encoding } from '../../exec/types.ts';
import type { ConnectOptions } from '../../options/types.ts';
import type { JobHost, StartJobOptions } from '../types.ts';

interface CommonRunJobOptions extends Omit<StartJobOptions, 'encoding'> {
  /**
   * Milliseconds between two looks at a job that is quiet; a new or talkative one is looked at more often, from
   * every 200 ms on. Default 2,000.
   */
  pollInterval?: number | undefined;
  /**
   * Bytes of each stream that the result keeps. Output beyond it is not lost: `onOutput` gets all of it, and the
   * server keeps it; the result then says `truncated`. Default 16 MiB.
   */
  maxBuffer?: number | undefined;
  /**
   * Milliseconds that the job may run, from its start by the server's clock: however many workers have waited for it.
   * Then it is ended, and `runJob` rejects with `CommandTimeout`; when it cannot be reached to be ended, some ten
   * seconds later, with `terminated: 'unknown'`. Default: no limit.
   */
  timeout?: number | undefined;
  /** `false`: a non-zero exit code or a signal resolves. Default true. */
  reject?: boolean | undefined;
  /**
   * Whether the job's folder on the server is kept when its result has been fetched, so that a later call with the
   * same id gets the same result instead of starting the command again. `'succeeded'` keeps it only after exit code
   * 0: a retry after a failure then starts the command again. Default true; `removeJobs` clears up.
   */
  keep?: boolean | 'succeeded' | undefined;
  /**
   * Stops at once and rejects with `signal.reason`. The job on the server runs on, and a later call with the same id
   * finds it, unless `killOnAbort` is set.
   */
  signal?: AbortSignal | undefined;
  /** End the job when `signal` aborts; the rejection then waits for that, at most about 10 seconds. Default false. */
  killOnAbort?: boolean | undefined;
}

/** Options of `runJob` with output as text. */
export interface TextRunJobOptions extends CommonRunJobOptions {
  /** How the job's output is decoded. Default `utf8`. */
  encoding?: Encoding | undefined;
  /**
   * Called with each piece of stdout, decoded. A promise that it returns is waited for before more is fetched. What
   * it throws, `runJob` rejects with; the job runs on. A worker that starts over with the same id gets all of the
   * output again.
   */
  onOutput?: ((text: string) => unknown) | undefined;
  /** As `onOutput`, for stderr. */
  onErrorOutput?: ((text: string) => unknown) | undefined;
}

/** Options of `runJob` with `encoding: 'buffer'`: output as bytes. */
export interface BufferRunJobOptions extends CommonRunJobOptions {
  /** Output as it came, in Buffers. */
  encoding: 'buffer';
  /** Called with stdout as it is read, each byte once. */
  onOutput?: ((bytes: Buffer) => unknown) | undefined;
  /** Called with stderr as it is read, each byte once. */
  onErrorOutput?: ((bytes: Buffer) => unknown) | undefined;
}

/** Options of `runJob`. */
export type RunJobOptions = TextRunJobOptions | BufferRunJobOptions;

/** What `runJob` needs of a connection. */
export interface JobConnection {
  readonly jobHost: JobHost;
  close(): Promise<void>;
}

export type ConnectForJob = (options: ConnectOptions) => Promise<JobConnection>;
