import type { SshError } from '../../errors/index.ts';
import { atLatest } from '../../time/timer.ts';
import { HeldOutput } from '../bounds/held-output.ts';
import { grantAgain, type KeepingChannel, type OutputName } from '../bounds/receive-window.ts';
import { SessionShape } from '../insides/session-shape.ts';
import type { Lost } from '../transport/lost.ts';
import {
  type ChannelOutcome,
  type ChannelSink,
  type SessionChannel,
  statusOf,
  writeError,
} from './session-channel.ts';

/** Output that is waiting, or would have to wait. */
class Waiting extends HeldOutput {
  isPaused = false;
}

interface Write {
  chunk: Buffer;
  done: (error?: Error) => void;
}

/**
 * A session for a command, as safe as `SafeSession` makes one of ssh2's: what a short command needs and nothing more.
 */
export class OwnSession extends SessionShape implements SessionChannel, KeepingChannel {
  #lost: Lost | undefined;
  #onReleased: (() => void) | undefined;
  #closeTimeout = Infinity;
  #unsubscribe: (() => void) | undefined;
  #sink: ChannelSink | undefined;
  #status: ChannelOutcome | undefined;
  #outcome: ChannelOutcome | undefined;
  /** Nothing more will arrive. */
  #isClosed = false;
  /** We have given it up: its end waits for no reader. */
  #isGivenUp = false;
  #stdout: Waiting | undefined;
  #stderr: Waiting | undefined;
  #writes: Write[] | undefined;
  #isInputOver = false;

  /**
   * Assigns it to a command. `onReleased` is called once, when it no longer counts on the server, or if that has not
   * answered our CLOSE within `closeTimeout` milliseconds.
   */
  begin(lost: Lost, onReleased: () => void, closeTimeout: number): this {
    this.#lost = lost;
    this.#closeTimeout = closeTimeout;
    this.#onReleased = onReleased;
    this.#unsubscribe = lost.onLost((error) => this.#linkLost(error));
    return this;
  }

  get isExitKnown(): boolean {
    return this.#status !== undefined;
  }

  /** The server has said nothing on it yet. */
  get isUntouched(): boolean {
    return this.incoming.state === 'open' && !this.isExitKnown && this.held === 0;
  }

  get held(): number {
    return (this.#stdout?.bytes ?? 0) + (this.#stderr?.bytes ?? 0);
  }

  start(sink: ChannelSink): void {
    this.#sink = sink;
    if (this.#outcome) sink.onEnd(this.#outcome);
    else if (this.held > 0 || this.#isClosed) this.#deliverSoon();
  }

  pause(stream: OutputName): void {
    if (!this.#isGivenUp) this.#waiting(stream).isPaused = true;
  }

  resume(stream: OutputName): void {
    this.#waiting(stream).isPaused = false;
    this.#deliverSoon();
  }

  write(chunk: Buffer, done: (error?: Error) => void): void {
    if (this.#outcome || this.#isInputOver || this.outgoing.state !== 'open')
      return done(writeError(this.#outcome, this.#lost));
    this.#writes ??= [];
    this.#writes.push({ chunk, done });
    if (this.#writes.length === 1) this.#sendWrites();
  }

  end(): void {
    this.#isInputOver = true;
    if (!this.#writes?.length) this.eof();
  }

  signal(name: string): void {
    if (this.#outcome || this.#lost?.error) return;
    try {
      this.sendSignal(name);
    } catch {
      // ssh2 knows only the names of RFC 4254 and cannot send others.
    }
  }

  /** It has no terminal. */
  resize(): void {}

  override close(): void {
    if (this.#lost?.error) return;
    super.close();
    // Answering the server's CLOSE is not giving up.
    if (this.incoming.state === 'closed') return;
    if (!this.#isGivenUp && this.#onReleased)
      this.#onReleased = atLatest(this.#closeTimeout, this.#onReleased);
    // Unread output would hold up the end.
    this.#isGivenUp = true;
    if (this.held > 0) this.#deliverSoon();
  }

  receive(stream: OutputName, data: Buffer): void {
    const waiting = stream === 'stdout' ? this.#stdout : this.#stderr;
    const isHeldUp = waiting && (waiting.isPaused || waiting.bytes > 0);
    if (this.#sink && !isHeldUp) give(this.#sink, stream, data);
    else if (this.#sink || !this.#isGivenUp) this.#waiting(stream).add(data);
  }

  protected override exited(code: number | null, signal?: string, description?: string): void {
    this.#status = statusOf(code, signal, description);
  }

  protected override closed(): void {
    this.#isClosed = true;
    this.#released();
    this.#deliverSoon();
  }

  #waiting(stream: OutputName): Waiting {
    if (stream === 'stdout') {
      this.#stdout ??= new Waiting();
      return this.#stdout;
    }
    this.#stderr ??= new Waiting();
    return this.#stderr;
  }

  /** In a later tick, not inside ssh2's packet handler: what follows runs code of users. */
  #deliverSoon(): void {
    process.nextTick(() => {
      this.#deliver(this.#isGivenUp);
      if (this.#isClosed && this.held === 0) this.#finish(this.#status ?? { kind: 'no-status' });
    });
  }

  /** Delivers waiting output to the sink: all of it, or only what is not paused. Without a sink, `all` discards it. */
  #deliver(all: boolean): void {
    if (this.held === 0 || (!this.#sink && !all)) return;
    this.#deliverOne('stdout', all);
    this.#deliverOne('stderr', all);
    grantAgain(this.client, this);
  }

  #deliverOne(stream: OutputName, all: boolean): void {
    const waiting = stream === 'stdout' ? this.#stdout : this.#stderr;
    while (waiting && waiting.bytes > 0 && (all || !waiting.isPaused)) {
      const data = waiting.take();
      if (this.#sink && data) give(this.#sink, stream, data);
    }
  }

  #linkLost(error: SshError): void {
    const isComplete = this.#status !== undefined && this.incoming.state !== 'open';
    if (isComplete && this.#sink) return this.closed();
    // What arrived before the loss is part of the output.
    if (this.#sink) this.#deliver(true);
    this.#finish({ kind: 'lost', error });
  }

  #sendWrites(): void {
    const writes = this.#writes ?? [];
    for (let next = writes[0]; next && this.outgoing.state === 'open'; next = writes[0]) {
      next.chunk = this.send(next.chunk);
      if (next.chunk.length > 0) return this.whenGranted(() => this.#sendWrites());
      writes.shift();
      next.done();
    }
    if (this.#isInputOver && writes.length === 0) this.eof();
  }

  #finish(outcome: ChannelOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#unsubscribe?.();
    this.#released();
    const writes = this.#writes;
    this.#writes = undefined;
    if (writes) for (const { done } of writes) done(writeError(outcome, this.#lost));
    this.#sink?.onEnd(outcome);
  }

  #released(): void {
    this.#onReleased?.();
    this.#onReleased = undefined;
  }
}

function give(sink: ChannelSink, stream: OutputName, data: Buffer): void {
  if (stream === 'stdout') sink.onStdout(data);
  else sink.onStderr(data);
}
