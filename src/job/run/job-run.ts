import { isSshError, type SshError } from '../../errors/index.ts';
import type { CommandResult } from '../../exec/types.ts';
import { debugTopic, nameOf } from '../../observe/debug.ts';
import type { ConnectOptions, RetryOptions } from '../../options/types.ts';
import { orAborted } from '../../time/on-abort.ts';
import { sleep } from '../../time/timer.ts';
import type { StartRequest } from '../host/commands.ts';
import { ask, type JobKeeper, jobKeeper } from '../host/keeper.ts';
import { statusOf } from '../host/record.ts';
import { resolveStart } from '../options.ts';
import { OutputReader, type ReadOutput } from '../output/output-reader.ts';
import { defaultPollInterval, Pace } from '../output/pace.ts';
import { findAgain, startOnce } from '../start-job.ts';
import type { JobEnd, JobHost } from '../types.ts';
import { both, withDelay } from './abort.ts';
import { JobLimit } from './job-limit.ts';
import { JobOutcome } from './job-outcome.ts';
import { Links } from './links.ts';
import type { ConnectForJob, JobConnection, RunJobOptions } from './run-types.ts';

/** Milliseconds that ending the job may take after an abort. */
const killTime = 10_000;

const debug = debugTopic('job');

/** One call of `runJob`, over as many connections as needed. */
export class JobRun {
  readonly #connect: ConnectForJob;
  readonly #connectOptions: ConnectOptions;
  readonly #command: string | readonly string[];
  readonly #options: RunJobOptions;
  readonly #outcome: JobOutcome;
  /** Keeps its place across connections. */
  readonly #reader: OutputReader;
  readonly #signal: AbortSignal | undefined;
  readonly #links: Links;
  /** A start was sent, so the job may exist. */
  #mayRun = false;
  #connection: JobConnection | undefined;
  /** Why the server cannot be reached at the moment. */
  #unreachable: SshError | undefined;
  #callbackFailed = false;
  readonly #limit: JobLimit;

  constructor(
    connect: ConnectForJob,
    connectOptions: ConnectOptions,
    command: string | readonly string[],
    options: RunJobOptions,
  ) {
    const { id, encoding = 'utf8', signal } = options;
    this.#connect = connect;
    this.#command = command;
    this.#options = options;
    this.#limit = new JobLimit(options.timeout);
    this.#links = new Links(connectOptions.retry);
    this.#signal = both(both(signal, connectOptions.signal), this.#limit.signal);
    this.#connectOptions = this.#listening(connectOptions);
    this.#outcome = new JobOutcome(options);
    this.#reader = new OutputReader(id, encoding, { stdout: 0, stderr: 0 });
  }

  /** The options for each connection: an abort of ours ends connecting, and we hear why it fails. */
  #listening(options: ConnectOptions): ConnectOptions {
    if (!this.#signal) return options;
    const { retry } = options;
    const onRetry: RetryOptions['onRetry'] = (error, state) => {
      this.#unreachable = error;
      return retry ? retry.onRetry?.(error, state) : undefined;
    };
    return { ...options, signal: this.#signal, retry: retry !== false && { ...retry, onRetry } };
  }

  async run(): Promise<CommandResult<string | Buffer>> {
    try {
      return await this.#untilOver();
    } catch (error) {
      if (this.#limit.signal?.aborted) throw this.#timedOut('unknown');
      if (this.#signal?.aborted && this.#options.killOnAbort && this.#mayRun) await this.#kill();
      throw error;
    } finally {
      this.#limit.end();
      this.#letGo();
    }
  }

  async #untilOver(): Promise<CommandResult<string | Buffer>> {
    for (;;) {
      const connection = await this.#connect(this.#connectOptions);
      this.#connection = connection;
      this.#links.opened();
      let wait: number | undefined;
      try {
        return await this.#over(connection);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (this.#callbackFailed || !isPassing(error)) throw error;
        this.#unreachable = error;
        wait = this.#links.lost(error);
        if (wait === undefined) throw this.#links.gaveUp(this.#options.id, error);
        this.#tell(connection, error, wait);
      }
      this.#letGo();
      await sleep(wait, this.#signal);
    }
  }

  /** Everything that remains to be done, over one connection. */
  async #over(connection: JobConnection): Promise<CommandResult<string | Buffer>> {
    const host = connection.jobHost;
    const keeper = jobKeeper(host, this.#options.dir);
    const request = resolveStart(this.#command, this.#options, host.windows);
    await this.#start(keeper, request);
    const end = await this.#follow(keeper);
    debug('%s %j', this.#options.id, end.status);
    await this.#forget(keeper, end);
    await connection.close();
    return this.#outcome.settle(host, request.command, end);
  }

  async #start(keeper: JobKeeper, request: StartRequest): Promise<void> {
    this.#mayRun = true;
    this.#limit.begin();
    // A job seen before is not started again: if it was removed meanwhile, another caller has its result.
    const begin = this.#reader.isKnown ? findAgain : startOnce;
    const start = (signal: AbortSignal | undefined) => begin(keeper, request, signal);
    // To end the job on an abort, we must first know whether it was started; the time limit waits for nothing.
    await (this.#options.killOnAbort
      ? withDelay<unknown>(this.#signal, killTime, (later) => start(both(later, this.#limit.signal)))
      : start(this.#signal));
    this.#answered(!this.#reader.isKnown);
    this.#reader.isKnown = true;
    this.#signal?.throwIfAborted();
  }

  #answered(isNews: boolean): void {
    this.#unreachable = undefined;
    this.#links.answered(isNews);
  }

  async #follow(keeper: JobKeeper): Promise<JobEnd> {
    const { pollInterval = defaultPollInterval } = this.#options;
    const pace = new Pace(pollInterval);
    let left = this.#limit.timeout;
    for (;;) {
      const waitMs = keeper.longPoll && Math.max(0, Math.min(keeper.longPoll, left));
      const piece = await this.#reader.read(keeper, { signal: this.#signal, waitMs });
      const hasOutput = piece.bytes.stdout.length + piece.bytes.stderr.length > 0;
      this.#answered(hasOutput);
      await this.#deliver(piece);
      if (piece.end) return piece.end;
      left = this.#limit.left(piece.ageMs);
      if (left <= 0) throw await this.#endInTime(keeper);
      const wait = pace.next(hasOutput);
      if (!piece.more) await sleep(Math.min(wait, left), this.#signal);
    }
  }

  /** The time limit was reached: ends the job, and reads the rest of its output for the error. */
  async #endInTime(keeper: JobKeeper): Promise<SshError> {
    const { id } = this.#options;
    const record = await ask(keeper, id, (commands) => commands.kill(id, 2_000), this.#signal);
    const { state } = statusOf(record);
    const rest = await this.#reader.read(keeper, { signal: this.#signal }).catch(() => undefined);
    if (rest) await this.#deliver(rest);
    return this.#timedOut(state !== 'running', keeper.host);
  }

  #timedOut(terminated: boolean | 'unknown', host?: JobHost): SshError {
    const { host: name, port = 22 } = this.#connectOptions;
    const where = host?.where ?? { host: name, port };
    const cause = terminated === 'unknown' ? this.#unreachable : undefined;
    return this.#outcome.timedOut(where, this.#command, this.#limit.timeout, terminated, cause);
  }

  async #deliver({ bytes, stdout, stderr }: ReadOutput): Promise<void> {
    this.#outcome.add(bytes);
    const { onOutput, onErrorOutput } = this.#options as Callbacks;
    try {
      if (stdout.length > 0) await orAborted(onOutput?.(stdout), this.#signal);
      if (stderr.length > 0) await orAborted(onErrorOutput?.(stderr), this.#signal);
    } catch (error) {
      // This is the caller's own error, even if it looks like a lost connection.
      this.#callbackFailed = true;
      throw error;
    }
  }

  /** Removes the job's folder as `keep` says. A failure is ignored: the result is already known. */
  async #forget(keeper: JobKeeper, { status }: JobEnd): Promise<void> {
    const { id, keep = true } = this.#options;
    const succeeded = status.state === 'exited' && status.exitCode === 0;
    if (keep === true || status.state === 'lost' || (keep === 'succeeded' && succeeded)) return;
    await ask(keeper, id, (commands) => commands.remove(id), this.#signal).catch(() => {});
  }

  /** Ends the job, over the existing connection or else a new one. A failure is ignored: the abort is reported. */
  async #kill(): Promise<void> {
    const signal = AbortSignal.timeout(killTime);
    const { id, dir } = this.#options;
    for (let isLast = false; ; isLast = true) {
      try {
        this.#connection ??= await this.#connect({ ...this.#connectOptions, signal });
        const keeper = jobKeeper(this.#connection.jobHost, dir);
        await ask(keeper, id, (commands) => commands.kill(id, 2_000), signal);
        return;
      } catch {
        if (isLast || signal.aborted) return;
        this.#letGo();
      }
    }
  }

  /** Closes the connection in the background: nothing should wait for a dead connection. */
  #letGo(): void {
    this.#connection?.close().catch(() => {});
    this.#connection = undefined;
  }

  #tell({ jobHost }: JobConnection, error: SshError, wait: number): void {
    const { host, port, hop } = jobHost.where;
    if (debug.enabled) debug('%s: connecting again in %d ms after %s', this.#options.id, wait, nameOf(error));
    const message = `Connecting again for job ${this.#options.id}: ${error.message}`;
    this.#connectOptions.log?.({
      level: 'warn',
      event: 'job-link-lost',
      message,
      host,
      port,
      hop,
      code: error.code,
    });
  }
}

/** The callbacks take text or bytes, depending on `encoding`. */
interface Callbacks {
  onOutput?: (piece: string | Buffer) => unknown;
  onErrorOutput?: (piece: string | Buffer) => unknown;
}

/** Whether the connection failed, not the job, so that reconnecting may help. */
function isPassing(error: unknown): error is SshError {
  if (!isSshError(error)) return false;
  const ofTheLink = ['SSH_CONNECTION_LOST', 'SSH_CHANNEL_TIMEOUT', 'SSH_CHANNEL_OPEN_FAILED'];
  return ofTheLink.includes(error.code) || (error.code === 'SSH_JOB_ACCESS_FAILED' && error.retryable);
}
