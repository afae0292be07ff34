import type { Shell } from '../exec/command-line/command-line.ts';
import type { Encoding } from '../exec/types.ts';

/** What a helper command of ours left behind. */
export interface HostResult {
  exitCode: number | null;
  signal: string | null;
  stdout: Buffer;
  stderr: Buffer;
}

export interface HostRunOptions {
  /** Written to the command's input before it is closed. */
  stdin?: string | undefined;
  /** Told of stdout as it comes, which is in the result all the same. A host need not do it. */
  onOutput?: ((bytes: Buffer) => void) | undefined;
  /** Milliseconds that the command may run. */
  timeout: number;
  signal?: AbortSignal | undefined;
}

/** What jobs need of a connection. */
export interface JobHost {
  /**
   * Runs one command line in the user's login shell. Resolves with any exit code; rejects only when the command's
   * end is not known (`ConnectionLost`, `CommandTimeout`, ...) or with `signal.reason`.
   */
  run(commandLine: string, options: HostRunOptions): Promise<HostResult>;
  /** Whether the server is Windows. */
  readonly windows: boolean;
  readonly where: { host: string; port: number; hop?: string | undefined };
}

/** Where the jobs of a server are kept. */
export interface JobsOptions {
  /**
   * The folder on the server that holds one folder for each job. It must belong to the user: whoever can write there
   * can run commands as this user. Default `~/.ssh-via-gateway/jobs`, on Windows
   * `%LOCALAPPDATA%\ssh-via-gateway\jobs`.
   */
  dir?: string | undefined;
  /** Stops waiting for the server and rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** Options of `connection.job`. */
export interface AttachJobOptions extends Omit<JobsOptions, 'signal'> {
  /** How the job's output is decoded. Default `utf8`. */
  encoding?: Encoding | 'buffer' | undefined;
}

/** Options of `startJob`. */
export interface StartJobOptions extends JobsOptions, AttachJobOptions {
  /**
   * The job's name, chosen by the caller: the same id never starts twice. 1 to 100 of `A-Z a-z 0-9 . _ -`, beginning
   * with a letter, a digit or `_`. An id made of the task's own identity (`billing-2026-11-22-run-3`) makes a retry
   * find the job that its forerunner started.
   */
  id: string;
  /**
   * The shell that reads the command: how an argument array, `cwd` and `env` are quoted. Default: `cmd` on Windows,
   * else `posix`, which is the user's login shell.
   */
  shell?: Shell | undefined;
  /** The folder to run in. The job fails when it is missing. Default: the user's home. */
  cwd?: string | undefined;
  /** Environment variables for the job. They are kept in the job's folder, which only the user can read. */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * Windows only: run on the desktop of the user, who must be logged on there, as programs with windows (UiPath,
   * Excel) need it. `true` stands for `{}`. Default false: without a desktop.
   */
  interactive?: boolean | InteractiveOptions | undefined;
}

/** How a job runs on the desktop: see Task Scheduler, "Security Options". */
export interface InteractiveOptions {
  /**
   * `highest`: with all rights of an administrator ("Run with highest privileges"), which only an administrator's
   * account may ask for. Default `limited`: as a program that the user starts by a double click.
   */
  runLevel?: 'limited' | 'highest' | undefined;
  /**
   * Milliseconds after which the job is ended, with all that it started; its state is `killed` then. Default: no
   * limit, other than for tasks of Windows, which end after three days.
   */
  executionTimeLimit?: number | undefined;
}

/** Where a job stands. */
export type JobStatus =
  | { readonly state: 'running' }
  /** The command ended by itself. */
  | { readonly state: 'exited'; readonly exitCode: number }
  /** A signal ended the command, from `kill()` or from elsewhere; `signal` where it is known (`SIGTERM`). */
  | { readonly state: 'killed'; readonly signal?: string }
  /** Its process is gone and left no exit code (the PC was restarted), or there is no such job. */
  | { readonly state: 'lost'; readonly reason: string };

/** A position in a job's output, in bytes of each stream. */
export interface JobOffsets {
  /** Bytes of stdout that have been read. */
  readonly stdout: number;
  /** Bytes of stderr that have been read. */
  readonly stderr: number;
}

/** A piece of a job's output. */
export interface JobOutput {
  /** As the job wrote it. A character may be cut at the end; `follow()` decodes across pieces. */
  readonly stdout: Buffer;
  /** As `stdout`. */
  readonly stderr: Buffer;
  /** Where the next piece begins. */
  readonly next: JobOffsets;
  /** How many bytes of each stream there were when this piece was taken: what `from` may begin at. */
  readonly size: JobOffsets;
  /** The job's state after these bytes. */
  readonly status: JobStatus;
  /** Whether the job is over and this piece ends its output. */
  readonly done: boolean;
}

/** How `follow()` looks at the job. */
export interface FollowOptions {
  /** Where to begin. Default: at the beginning of both streams. */
  from?: Partial<JobOffsets> | undefined;
  /**
   * Milliseconds between two looks at a job that is quiet; a new or talkative one is looked at more often, from
   * every 200 ms on. Default 2,000.
   */
  pollInterval?: number | undefined;
  /** Ends the following; the job runs on. */
  signal?: AbortSignal | undefined;
}

/** What the job wrote since the last piece. One of both may be empty. */
export interface FollowedOutput<Output extends string | Buffer = string> {
  /** What is new of it. */
  readonly stdout: Output;
  /** What is new of it. */
  readonly stderr: Output;
  /** A later `follow({ from })` goes on here. */
  readonly next: JobOffsets;
}

/** How a job ended, in all detail that the server has. */
export interface JobEnd {
  /** How it ended. */
  readonly status: Exclude<JobStatus, { state: 'running' }>;
  /** Milliseconds from the job's start to its end, by the server's clock; 0 where it is not known. */
  readonly durationMs: number;
}

/** One job of a server, as `listJobs` finds it. */
export interface JobSummary {
  /** The id that the job was started under. */
  readonly id: string;
  /** Where it stands. */
  readonly status: JobStatus;
  /** By the server's clock. */
  readonly startedAt: Date;
  /** Undefined while it runs, and for a lost job. */
  readonly endedAt: Date | undefined;
}
