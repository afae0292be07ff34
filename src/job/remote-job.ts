import { inspect } from 'node:util';
import { checkOptions } from '../check/options.ts';
import { debugTopic } from '../observe/debug.ts';
import { followChecks, killChecks, outputChecks, signalChecks } from './checks.ts';
import { accessFailed, ask, type JobKeeper } from './host/keeper.ts';
import { ownRecord, statusOf } from './host/record.ts';
import { offsetsOf } from './options.ts';
import { followJob } from './output/follow.ts';
import { OutputReader, readPiece } from './output/output-reader.ts';
import type { FollowedOutput, FollowOptions, JobEnd, JobOffsets, JobOutput, JobStatus } from './types.ts';

const debug = debugTopic('job');

/** Options of every method that contacts the server. */
export interface SignalOption {
  /** Stops waiting for the server and rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds between SIGTERM and SIGKILL. */
export const defaultGrace = 5_000;

/**
 * A command that keeps running on the server when the connection or this program ends. Its methods use the connection
 * that returned it and reject with `ConnectionLost` once that is lost; `runJob` reconnects.
 */
export class RemoteJob<Output extends string | Buffer = string> {
  /** The job's id. */
  readonly id: string;
  /** Whether this call started it; false if the job already existed. */
  readonly isNew: boolean;
  readonly #keeper: JobKeeper;
  readonly #encoding: string;

  /** @internal Created by `startJob` and `connection.job`. */
  constructor(keeper: JobKeeper, id: string, options: { isNew: boolean; encoding: string }) {
    this.id = id;
    this.isNew = options.isNew;
    this.#keeper = keeper;
    this.#encoding = options.encoding;
  }

  /** The current state. A job that the server does not know is `lost`. */
  async status(options: SignalOption = {}): Promise<JobStatus> {
    checkOptions(options, signalChecks);
    const { record } = await ask(this.#keeper, this.id, (commands) => commands.look(this.id), options.signal);
    return statusOf(ownRecord(record, this.id));
  }

  /**
   * Reads one piece of the output, starting at `from` (default: the beginning), at most about 1 MiB per stream. Call
   * again with `from: next` until `done`, or use `follow()`.
   * @throws {JobLost} if the server does not know the job.
   */
  async output(options: SignalOption & { from?: Partial<JobOffsets> | undefined } = {}): Promise<JobOutput> {
    checkOptions(options, outputChecks);
    const piece = await readPiece(this.#keeper, this.id, offsetsOf(options.from), options.signal);
    const { stdout, stderr, next, size, status, done } = piece;
    return { stdout, stderr, next, size, status, done };
  }

  /**
   * The output as it is written, decoded, until the job ends. The generator's return value says how it ended.
   * @throws {JobLost} if the server does not know the job.
   */
  follow(options: FollowOptions = {}): AsyncGenerator<FollowedOutput<Output>, JobEnd> {
    checkOptions(options, followChecks);
    const reader = new OutputReader(this.id, this.#encoding, offsetsOf(options.from));
    return followJob(this.#keeper, reader, options) as AsyncGenerator<FollowedOutput<Output>, JobEnd>;
  }

  /**
   * Ends the job and its child processes: SIGTERM to its process group, then SIGKILL after `grace` milliseconds (0 to
   * 60,000, default 5,000); on Windows its processes are terminated at once. Resolves with the resulting state. Has no
   * effect on a job that has ended.
   */
  async kill(options: SignalOption & { grace?: number | undefined } = {}): Promise<JobStatus> {
    checkOptions(options, killChecks);
    const { grace = defaultGrace, signal } = options;
    debug('%s is told to end', this.id);
    const record = await ask(this.#keeper, this.id, (commands) => commands.kill(this.id, grace), signal);
    return statusOf(ownRecord(record, this.id));
  }

  /**
   * Deletes the job's folder on the server, with output and result; the id can then be used again. Has no effect if
   * there is no such job.
   * @throws {JobAccessFailed} while the job is running.
   */
  async remove(options: SignalOption = {}): Promise<void> {
    checkOptions(options, signalChecks);
    const removal = await ask(this.#keeper, this.id, (commands) => commands.remove(this.id), options.signal);
    if (removal === 'running') {
      throw accessFailed(
        this.#keeper.host,
        this.id,
        'it still runs, and cannot be removed before it has ended',
      );
    }
  }

  /** What another program needs to find the job: `connection.job(id, { dir })`. */
  toJSON(): { id: string; dir?: string } {
    const { dir } = this.#keeper;
    return { id: this.id, ...(dir === undefined ? {} : { dir }) };
  }

  [inspect.custom](): string {
    const { host, port } = this.#keeper.host.where;
    return `RemoteJob { ${this.id} on ${host}:${port} }`;
  }
}
