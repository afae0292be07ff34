import type { Shell } from '../exec/command-line/command-line.ts';
import type { Encoding } from '../exec/types.ts';

/** The result of a helper command. */
export interface HostResult {
  exitCode: number | null;
  signal: string | null;
  stdout: Buffer;
  stderr: Buffer;
}

export interface HostRunOptions {
  /** Written to the command's input before it is closed. */
  stdin?: string | undefined;
  /** Called with stdout as it arrives; the result contains it as well. A host need not call it. */
  onOutput?: ((bytes: Buffer) => void) | undefined;
  /** Time limit of the command in milliseconds. */
  timeout: number;
  signal?: AbortSignal | undefined;
}

/** What jobs need from a connection. */
export interface JobHost {
  /**
   * Runs one command line in the user's login shell. Resolves whatever the exit code is. Rejects only if it is not known
   * how the command ended (`ConnectionLost`, `CommandTimeout`, ...), or with `signal.reason`.
   */
  run(commandLine: string, options: HostRunOptions): Promise<HostResult>;
  /** Whether the server is Windows. */
  readonly windows: boolean;
  /** Sessions that may be opened now without making anyone wait; undefined if nobody else opens any. */
  sessionsLeft?: (() => number) | undefined;
  readonly where: { host: string; port: number; hop?: string | undefined };
}

/** Where a server keeps its jobs. */
export interface JobsOptions {
  /**
   * Directory on the server with one folder per job. It must be writable only by the user: anyone else who can write
   * there can run commands as this user. Default `~/.ssh-via-gateway/jobs`, on Windows
   * `%LOCALAPPDATA%\ssh-via-gateway\jobs`.
   */
  dir?: string | undefined;
  /** Stops waiting for the server and rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** Options of `connection.job`. */
export interface AttachJobOptions extends Omit<JobsOptions, 'signal'> {
  /** Encoding of the job's output. Default `utf8`. */
  encoding?: Encoding | 'buffer' | undefined;
}

/** Options of `startJob`. */
export interface StartJobOptions extends JobsOptions, AttachJobOptions {
  /**
   * The job's name: the same id is never started twice. 1 to 100 characters of `A-Z a-z 0-9 . _ -`, beginning with a
   * letter, a digit or `_`, not ending with a dot, and not a Windows device name. Derive it from the identity of the task
   * (`billing-2026-11-22-run-3`, see `jobId`), so that a retry finds the job that the previous attempt started.
   */
  id: string;
  /**
   * The shell that reads the command: decides how an argument array, `cwd` and `env` are quoted. Default: `cmd` on
   * Windows, else `posix` (the user's login shell).
   */
  shell?: Shell | undefined;
  /** The directory to run in. If it does not exist, the job fails. Default: the user's home. */
  cwd?: string | undefined;
  /** Environment variables for the job, stored in its folder, which only the user can read. Default: none. */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * Windows only: run on the user's desktop; the user must be logged on. Programs with a user interface (UiPath, Excel)
   * need this. `true` means `{}`. Default `false`: no desktop.
   */
  interactive?: boolean | InteractiveOptions | undefined;
}

/** How a job runs on the desktop: the options of a task in Task Scheduler. */
export interface InteractiveOptions {
  /**
   * `highest`: with full administrator rights ("Run with highest privileges"), for administrator accounts only. Default
   * `limited`: like a program that the user starts by double-clicking.
   */
  runLevel?: 'limited' | 'highest' | undefined;
  /**
   * Milliseconds after which the job is ended, with everything it started; its state is then `killed`. Default: no
   * limit (Task Scheduler's own default is three days).
   */
  executionTimeLimit?: number | undefined;
}

/** The state of a job. */
export type JobStatus =
  | { readonly state: 'running' }
  /**
   * The command ended with this code. On Linux and macOS a signal that was not sent by `kill()` is 128 and its number, as
   * shells report it (137: SIGKILL), for a program may exit with such a code itself.
   */
  | { readonly state: 'exited'; readonly exitCode: number }
  /** The command was ended by `kill()`, or by its own time limit on Windows; `signal` if known (`SIGTERM`). */
  | { readonly state: 'killed'; readonly signal?: string }
  /** Its process is gone without an exit code (the PC was restarted), or there is no such job. */
  | { readonly state: 'lost'; readonly reason: string };

/** A position in a job's output, in bytes per stream. */
export interface JobOffsets {
  /** Offset in stdout, in bytes. */
  readonly stdout: number;
  /** Offset in stderr, in bytes. */
  readonly stderr: number;
}

/** A piece of a job's output. */
export interface JobOutput {
  /** The bytes as written; the last character may be incomplete. `follow()` decodes across pieces. */
  readonly stdout: Buffer;
  /** Like `stdout`. */
  readonly stderr: Buffer;
  /** Where the next piece begins. */
  readonly next: JobOffsets;
  /** Total bytes of each stream when this piece was read: the largest valid `from`. */
  readonly size: JobOffsets;
  /** The job's state after these bytes. */
  readonly status: JobStatus;
  /** Whether the job has ended and this piece is the last. */
  readonly done: boolean;
}

/** Options of `follow()`. */
export interface FollowOptions {
  /** Where to start. Default: the beginning of both streams. */
  from?: Partial<JobOffsets> | undefined;
  /**
   * Milliseconds between polls of a quiet job. A job that is new or produces output is polled more often, up to every
   * 200 ms. Default 2,000.
   */
  pollInterval?: number | undefined;
  /** Aborting stops following, and rejects with `signal.reason`; the job keeps running. Default: none. */
  signal?: AbortSignal | undefined;
}

/** What the job has written since the last piece. Either stream may be empty. */
export interface FollowedOutput<Output extends string | Buffer = string> {
  /** The new output, decoded. */
  readonly stdout: Output;
  /** The new output, decoded. */
  readonly stderr: Output;
  /** Where a later `follow({ from })` continues. */
  readonly next: JobOffsets;
}

/** How a job ended. */
export interface JobEnd {
  /** Its final state. */
  readonly status: Exclude<JobStatus, { state: 'running' }>;
  /** Milliseconds from start to end, by the server's clock; 0 if not known. */
  readonly durationMs: number;
}

/** A job as listed by `listJobs`. */
export interface JobSummary {
  /** The job's id. */
  readonly id: string;
  /** Its state. */
  readonly status: JobStatus;
  /** When it started, by the server's clock. */
  readonly startedAt: Date;
  /** When it ended; undefined while it runs and for a lost job. */
  readonly endedAt: Date | undefined;
}
