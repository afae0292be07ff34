import type { HostResult, InteractiveOptions, JobOffsets } from '../types.ts';
import type { JobRecord } from './record.ts';

/** A command for the server, and how its answer is read. */
export interface HostCommand<Answer> {
  line: string;
  stdin?: string | undefined;
  /** Throws `Unreadable` when the command did not do its work. */
  read(result: HostResult): Answer;
}

/** A command that answers more than once while it runs. */
export interface HostWatch extends HostCommand<Look[]> {
  /** What a line of its output says; undefined for any other line. */
  readLine(line: string): Look | undefined;
}

/** What a start must say about itself. */
export interface StartRequest {
  id: string;
  /** What the server's shell runs. It may hold secrets: the values of `env`. */
  line: string;
  /** Of everything that makes this job this job. */
  fingerprint: string;
  /** Set: on the desktop of the user. */
  interactive: InteractiveOptions | undefined;
}

/** Bytes of both streams, from the asked offsets on, with the record of the same moment. */
export interface Look {
  record: JobRecord | undefined;
  stdout: Buffer;
  stderr: Buffer;
}

export interface JobStart {
  record: JobRecord | undefined;
  /** Whether this call started the job. */
  isNew: boolean;
  /** Why nothing was started, where the server said so. */
  failure: string | undefined;
}

export type JobRemoval = 'removed' | 'running' | 'absent';

/** The commands of one kind of server. Each is one remote command: it happens as a whole or not at all. */
export interface JobCommands {
  start(request: StartRequest): HostCommand<JobStart>;
  /** With offsets: the output from there on, too, at most about 1 MiB of each stream. */
  look(id: string, from?: JobOffsets): HostCommand<Look>;
  /** Looks from offsets on, as there is news, for as long. Where to ask again costs more than to wait. */
  watch?(id: string, from: JobOffsets, waitMs: number): HostWatch;
  kill(id: string, graceMs: number): HostCommand<JobRecord | undefined>;
  remove(id: string): HostCommand<JobRemoval>;
  list(): HostCommand<Map<string, JobRecord>>;
}

/** How much of one stream a single look brings at most, in bytes. */
export const maxPiece = 1_048_576;
