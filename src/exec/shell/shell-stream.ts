import { Duplex } from 'node:stream';
import type { Check } from '../../check/values.ts';
import { ConnectionLost, type SshError } from '../../errors/index.ts';
import type { ChannelOutcome, ChannelSink, SessionChannel } from '../../ssh2/channels/session-channel.ts';
import type { StreamCallback } from '../../ssh2/channels/stream-channel.ts';
import { whyOf, withWarning } from '../../ssh2/transport/lost-on-the-way.ts';
import { latch } from '../../time/latch.ts';
import { onAbort } from '../../time/on-abort.ts';
import { startTimer } from '../../time/timer.ts';
import { endingOf } from '../failure.ts';
import { OutputQueue } from '../output/output-queue.ts';
import type { SessionOpener } from '../types.ts';
import type { ShellEnd, ShellSession } from './types.ts';

/** Milliseconds to wait for the server's answer to our close. */
const grace = 2_000;

interface Rules {
  /** Validates a number of rows or columns. */
  size: Check;
  signal: AbortSignal | undefined;
}

/** A shell session as a duplex stream. */
export class ShellStream extends Duplex implements ShellSession, ChannelSink {
  readonly exited: Promise<ShellEnd>;
  readonly #channel: SessionChannel;
  readonly #where: SessionOpener['where'];
  readonly #size: Check;
  readonly #queue: OutputQueue;
  readonly #end = latch<ShellEnd>();
  #unsubscribe = () => {};
  #stopTimer = () => {};
  #isPaused = false;
  #hasEnded = false;

  constructor(channel: SessionChannel, where: SessionOpener['where'], { size, signal }: Rules) {
    // Once the shell has ended, there is nothing left to write to.
    super({ readableHighWaterMark: 0, allowHalfOpen: false });
    this.#channel = channel;
    this.#where = where;
    this.#size = size;
    this.#queue = new OutputQueue(this, () => this.#regulate());
    this.exited = this.#end.promise;
    // A reader of the stream sees a failure there, so `exited` need not be handled.
    this.exited.catch(() => {});
    this.on('error', () => {});
    channel.start(this);
    if (signal?.aborted) this.destroy(signal.reason);
    else if (signal && !this.#hasEnded)
      this.#unsubscribe = onAbort(signal, () => this.destroy(signal.reason));
  }

  resize(rows: number, columns: number): void {
    this.#size('argument rows', rows);
    this.#size('argument columns', columns);
    if (!this.#hasEnded) this.#channel.resize(rows, columns);
  }

  async close(): Promise<void> {
    this.destroy();
    await this.exited.catch(() => {});
  }

  override [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Called by the channel only, like `onStderr` and `onEnd`. */
  onStdout(chunk: Buffer): void {
    this.#queue.deliver(chunk);
    this.#regulate();
  }

  /** With a pseudo-terminal servers send no stderr; if one does, the user should see it. */
  onStderr(chunk: Buffer): void {
    this.onStdout(chunk);
  }

  onEnd(outcome: ChannelOutcome): void {
    this.#hasEnded = true;
    this.#unsubscribe();
    this.#stopTimer();
    if (outcome.kind === 'lost') {
      const error = shellLost(this.#where, outcome.error);
      this.#end.reject(error);
      return this.#queue.finish(error);
    }
    const { exitCode, signal } = endingOf(outcome);
    this.#end.resolve({ exitCode, signal });
    this.#queue.finish();
  }

  override _read(): void {
    this.#queue.want();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: StreamCallback): void {
    // `done` runs the writer's code, which must not run inside ssh2's packet handler.
    this.#channel.write(chunk, (error) => process.nextTick(() => done(this.#mayTell(error))));
  }

  override _final(done: StreamCallback): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: StreamCallback): void {
    this.#unsubscribe();
    this.#queue.drop();
    if (error) this.#end.reject(error);
    if (!this.#hasEnded) this.#leave();
    done(error);
  }

  #leave(): void {
    this.#stopTimer = startTimer(grace, () => this.#end.resolve({ exitCode: null, signal: null }));
    this.#channel.close();
  }

  /** A failed write must not discard output that is still unread; the end itself follows after it. */
  #mayTell(error: Error | undefined): Error | undefined {
    return this.#hasEnded ? undefined : error;
  }

  #regulate(): void {
    const { isFull } = this.#queue;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    for (const name of ['stdout', 'stderr'] as const) {
      if (isFull) this.#channel.pause(name);
      else this.#channel.resume(name);
    }
  }
}

function shellLost({ host, port, hop }: SessionOpener['where'], cause: SshError): ConnectionLost {
  const { reason } = cause as Partial<ConnectionLost>;
  return new ConnectionLost(
    `The connection to ${host}:${port} was lost while a shell was open: ${reason ?? cause.message}`,
    {
      phase: 'session',
      host,
      port,
      hop: cause.hop ?? hop,
      why: whyOf(cause),
      reason,
      cause,
      started: true,
      retryable: false,
      hint: withWarning(
        cause,
        'What ran in the shell was told that its terminal is gone (SIGHUP), and has most likely ended.',
      ),
    },
  );
}
