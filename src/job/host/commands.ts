import type { HostResult, InteractiveOptions, JobOffsets } from '../types.ts';
import type { JobRecord } from './record.ts';

/** A command for the server, and how to read its answer. */
export interface HostCommand<Answer> {
  line: string;
  stdin?: string | undefined;
  /** @throws {Unreadable} if the command did not do its work. */
  read(result: HostResult): Answer;
}

/** A command that may answer several times while it runs. */
export interface HostWatch extends HostCommand<Look[]> {
  /** The answer in one line of output; undefined for a line that is not an answer. */
  readLine(line: string): Look | undefined;
}

/** What starting a job needs. */
export interface StartRequest {
  id: string;
  /** What the server's shell runs. May contain secrets: the values of `env`. */
  line: string;
  /** Hash of everything that identifies the job; the same id with another fingerprint is a conflict. */
  fingerprint: string;
  /** If set, the job runs on the user's desktop (Windows only). */
  interactive: InteractiveOptions | undefined;
}

/** The state of a job at one moment, with the bytes of both streams from the requested offsets on. */
export interface Look {
  record: JobRecord | undefined;
  stdout: Buffer;
  stderr: Buffer;
}

export interface JobStart {
  record: JobRecord | undefined;
  /** Whether this call started the job. */
  isNew: boolean;
  /** Why nothing was started, if the server said so. */
  failure: string | undefined;
}

export type JobRemoval = 'removed' | 'running' | 'absent';

/** The commands for one kind of server. Each is one remote command. */
export interface JobCommands {
  start(request: StartRequest): HostCommand<JobStart>;
  /** The job's state and, if `from` is given, its output from there on, at most about 1 MiB of each stream. */
  look(id: string, from?: JobOffsets): HostCommand<Look>;
  /** Reports a look whenever there is news, for up to `waitMs`. Only where a new command costs more than waiting. */
  watch?(id: string, from: JobOffsets, waitMs: number): HostWatch;
  kill(id: string, graceMs: number): HostCommand<JobRecord | undefined>;
  remove(id: string): HostCommand<JobRemoval>;
  list(): HostCommand<Map<string, JobRecord>>;
}

/** Bytes of one stream that a single look returns at most. */
export const maxPiece = 1_048_576;
