import { ChannelTimeout, CommandFailed, ConnectionLost, isSshError, type SshError } from '../errors/index.ts';
import type { ExecObserver, ExecOutcome } from '../observe/exec-trace.ts';
import type { ChannelOutcome, ChannelSink, SessionChannel } from '../ssh2/channels/session-channel.ts';
import { latch } from '../time/latch.ts';
import { onAbort } from '../time/on-abort.ts';
import { StopSwitch } from '../time/stop-switch.ts';
import { now, startTimer } from '../time/timer.ts';
import { Caller } from './caller.ts';
import {
  type Account,
  accountOf,
  commandFailed,
  commandTimeout,
  connectionLost,
  type Ending,
  endingOf,
  outputLimitExceeded,
  startUnanswered,
} from './failure.ts';
import { Input } from './input/input.ts';
import type { ResolvedExec } from './options.ts';
import { Output } from './output/output.ts';
import { noteStart } from './stop/started-commands.ts';
import { stopCommand, stopLate, type Terminated } from './stop/stop.ts';
import type { CommandResult, SessionOpener } from './types.ts';

type Result = CommandResult<string | Buffer>;

/**
 * One command from queued through running to ended. The first of these decides how its promise settles: the command's
 * end, loss of the connection, the timeout, an abort, the output limit, or an error in the caller's own code.
 */
export class Execution implements ChannelSink {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly input: Input;
  readonly caller = new Caller();
  readonly #opener: SessionOpener;
  readonly #request: ResolvedExec;
  readonly #result = latch<Result>();
  /** `#result` with the caller added to the stack of its error. */
  readonly result: Promise<Result>;
  /** Withdraws the request for a session once the command is no longer wanted. */
  readonly #opening = new StopSwitch();
  readonly #ended = latch<ChannelOutcome>();
  /** Resolves once the command can no longer start late without being handled. */
  readonly #neverLate = latch<void>();
  #callbacks: Array<Promise<void>> | undefined;
  #channel: SessionChannel | undefined;
  #stopping: Promise<Terminated> | undefined;
  /** The command is being stopped; it will settle with an error of ours, not with its own end. */
  #isDoomed = false;
  #killed = false;
  #askedAt: number | undefined;
  #startedAt: number | undefined;
  #stopTimer: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #observer: ExecObserver | undefined;

  constructor(opener: SessionOpener, request: ResolvedExec, observer?: ExecObserver) {
    this.#opener = opener;
    this.#request = request;
    this.#observer = observer;
    this.result = this.caller.explained(this.#result.promise);
    this.stdout = new Output(request.maxBuffer, request.decodeStdout);
    this.stderr = new Output(request.maxBuffer, request.decodeStderr);
    this.input = new Input(request.before, request.stdin, (error) => this.#fail(error));
    this.#open();
  }

  /** Sends a signal; returns false if the command has already ended. */
  kill(name: string): boolean {
    if (this.#result.settled || this.#ended.settled) return false;
    const isFinal = name === 'TERM' || name === 'KILL';
    if (!isFinal) this.#channel?.signal(name);
    else if (this.#channel) void this.#endKilled(this.#channel, name);
    else this.#failBeforeStart();
    return true;
  }

  // --- start ---

  #open(): void {
    const { signal, line, pty } = this.#request;
    if (signal?.aborted) return this.#fail(signal.reason);
    if (signal) this.#unsubscribe = onAbort(signal, () => this.#fail(signal.reason));
    this.#opener
      .exec(
        { command: line, hasNoInput: () => this.input.isEmpty, ...(pty === undefined ? {} : { pty }) },
        {
          signal: this.#opening,
          onAsked: () => (this.#askedAt = now()),
          onLate: (channel) => this.#stopLate(channel),
          onRefused: () => this.#neverLate.resolve(),
        },
      )
      .then(
        (channel) => this.#start(channel),
        (error) => this.#notOpened(error),
      );
  }

  #notOpened(error: unknown): void {
    if (error instanceof ConnectionLost) return this.#settle(this.#lost(error));
    const failure =
      error instanceof ChannelTimeout && this.#askedAt !== undefined ? startUnanswered(error) : error;
    if (isSshError(failure) && failure !== this.#opener.lost.error) this.caller.trace(failure);
    this.#fail(failure);
  }

  #start(channel: SessionChannel): void {
    if (this.#result.settled) return this.#stopLate(channel);
    const { onStdout, onStderr, timeout } = this.#request;
    noteStart(this.#opener, this.#request, channel, this.#askedAt);
    this.#channel = channel;
    this.#neverLate.resolve();
    this.#startedAt = now();
    if (timeout !== Infinity) this.#stopTimer = startTimer(timeout, () => this.#timedOut());
    this.stdout.connect(channel, 'stdout');
    this.stderr.connect(channel, 'stderr');
    if (onStdout) this.#callBack(this.stdout.forEach(onStdout));
    if (onStderr) this.#callBack(this.stderr.forEach(onStderr));
    channel.start(this);
    this.input.connect(channel);
  }

  /** Called by the channel only, like `onStderr` and `onEnd`. */
  onStdout(chunk: Buffer): void {
    if (!this.stdout.receive(chunk)) this.#exceeded('stdout');
  }

  onStderr(chunk: Buffer): void {
    if (!this.stderr.receive(chunk)) this.#exceeded('stderr');
  }

  #callBack(calls: Promise<void>): void {
    this.#callbacks ??= [];
    this.#callbacks.push(calls.catch((error) => this.#fail(error)));
  }

  // --- ends ---

  onEnd(outcome: ChannelOutcome): void {
    this.#ended.resolve(outcome);
    this.input.end();
    if (this.#result.settled || this.#isDoomed) return;
    if (outcome.kind === 'lost') return this.#settle(this.#lost(outcome.error));
    const ending = endingOf(outcome);
    if (this.#killed) void this.#stopping?.then((terminated) => this.#conclude({ ...ending, terminated }));
    else this.#conclude(ending);
  }

  /** The command ended by itself. Settles once the callbacks have received all output. */
  #conclude(ending: Ending): void {
    this.#finish(this.stdout, ending);
    this.#finish(this.stderr, ending);
    if (!this.#callbacks) return this.#report(ending);
    void Promise.all(this.#callbacks).then(() => this.#report(ending));
  }

  #finish(output: Output, ending: Ending): void {
    output.finish(output.isCut ? commandFailed(this.#account(), ending) : undefined);
  }

  #report(ending: Ending): void {
    if (this.#result.settled) return;
    const { exitCode, signal } = ending;
    if (exitCode !== 0 && this.#request.reject) return this.#settle(commandFailed(this.#account(), ending));
    this.#release();
    const { stdout, stderr } = this;
    this.#result.resolve({
      command: this.#request.command,
      stdout: stdout.result(),
      stderr: stderr.result(),
      durationMs: this.#durationMs,
      exitCode,
      signal,
      truncated: stdout.truncated || stderr.truncated,
    });
    this.#tell({ exitCode, signal });
  }

  /** Rejects. The streams deliver what has arrived, then fail with the error. */
  #settle(error: SshError): void {
    if (this.#result.settled) return;
    this.caller.trace(error);
    this.stdout.finish(error);
    this.stderr.finish(error);
    this.input.abort(error);
    this.#release();
    this.#result.reject(error);
    this.#tellFailure(error);
  }

  /** Rejects at once and discards unread output; the command is stopped in the background. */
  #fail(reason: unknown): void {
    if (this.#result.settled) return;
    this.#release();
    this.#result.reject(reason);
    this.#tellFailure(reason);
    this.stdout.abort(reason);
    this.stderr.abort(reason);
    this.input.abort(reason);
    this.#leaveLine(reason);
    if (this.#channel) void this.#stop(this.#channel);
    else this.#ended.resolve({ kind: 'no-status' });
  }

  #timedOut(): void {
    const { timeout } = this.#request;
    void this.#failWhenStopped((account, terminated) => commandTimeout(account, timeout, terminated));
  }

  #exceeded(stream: 'stdout' | 'stderr'): void {
    const { maxBuffer } = this.#request;
    if (maxBuffer === 0 || this.#isDoomed) return;
    const limit = { stream, maxBuffer };
    void this.#failWhenStopped((account, terminated) => outputLimitExceeded(account, limit, terminated));
  }

  async #failWhenStopped(make: (account: Account, terminated: Terminated) => SshError): Promise<void> {
    if (this.#isDoomed || this.#result.settled || !this.#channel) return;
    this.#isDoomed = true;
    const terminated = await this.#stop(this.#channel);
    this.#settle(make(this.#account(), terminated));
  }

  #failBeforeStart(): void {
    const ending = { exitCode: null, signal: null, notStarted: true };
    this.#settle(commandFailed(this.#account(), ending));
    this.#leaveLine();
  }

  /** Stops the command and waits for its end. If it does not end, rejects with `terminated` saying so. */
  async #endKilled(channel: SessionChannel, name: 'TERM' | 'KILL'): Promise<void> {
    this.#killed = true;
    const terminated = await this.#stop(channel, name);
    if (this.#ended.settled || this.#isDoomed) return;
    this.#isDoomed = true;
    this.#settle(commandFailed(this.#account(), { exitCode: null, signal: null, terminated }));
  }

  // --- stopping ---

  #stop(channel: SessionChannel, first?: 'TERM' | 'KILL'): Promise<Terminated> {
    // A slow reader must not delay the end.
    this.stdout.drain();
    this.stderr.drain();
    this.#stopping ??= stopCommand({ ...this.#stopTarget(channel), first });
    this.#opener.chores?.add(this.#stopping);
    return this.#stopping;
  }

  /** The server started the command after it had been given up. */
  #stopLate(channel: SessionChannel): void {
    noteStart(this.#opener, this.#request, channel, this.#askedAt);
    void stopLate(this.#stopTarget(channel)).then(() => this.#neverLate.resolve());
  }

  /** If the server was already asked, it may still start the command; `close()` then waits until that is dealt with. */
  #leaveLine(reason?: unknown): void {
    this.#opening.abort(reason);
    if (this.#askedAt !== undefined) this.#opener.chores?.add(this.#neverLate.promise);
  }

  #stopTarget(channel: SessionChannel) {
    const { line, isWindows } = this.#request;
    return { opener: this.#opener, channel, ended: this.#ended.promise, line, isWindows };
  }

  #tellFailure(error: unknown): void {
    const { exitCode = null, signal = null } = error instanceof CommandFailed ? error : {};
    this.#tell({ exitCode, signal, error });
  }

  /** Observers do not use the caller's promise: that would mark its rejection as handled. */
  #tell(outcome: Omit<ExecOutcome, 'durationMs'>): void {
    this.#observer?.({ ...outcome, durationMs: this.#durationMs });
  }

  #release(): void {
    this.#stopTimer?.();
    this.#unsubscribe?.();
  }

  // --- accounts ---

  #lost(error: SshError): ConnectionLost {
    const started = this.#startedAt !== undefined || (this.#askedAt === undefined ? false : 'unknown');
    return connectionLost(this.#account(), error, started);
  }

  get #durationMs(): number {
    return this.#startedAt === undefined ? 0 : now() - this.#startedAt;
  }

  #account(): Account {
    return accountOf(this.#opener.where, this.#request.command, this, this.#durationMs);
  }
}
