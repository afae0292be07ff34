import type { Client, ClientChannel } from 'ssh2';
import type { SshError } from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import { atLatest } from '../../time/timer.ts';
import { sendSignal, stateOf } from '../insides/internals.ts';
import type { Lost } from '../transport/lost.ts';

/** How a session channel ended. `no-status`: the server closed it without reporting how the command ended. */
export type ChannelOutcome =
  | { kind: 'exit'; exitCode: number }
  | { kind: 'signal'; signal: string; description: string }
  | { kind: 'no-status' }
  | { kind: 'lost'; error: SshError };

export interface ChannelSink {
  onStdout(chunk: Buffer): void;
  onStderr(chunk: Buffer): void;
  /** Called once, after the last data. */
  onEnd(outcome: ChannelOutcome): void;
}

/**
 * One session channel, made safe: its end always comes and is never mistaken for success when the connection is lost; a
 * write always calls back; unread output cannot hold up the end.
 */
export interface SessionChannel {
  /** Whether the server has reported how the command ended. The last of the output may still be on its way. */
  readonly isExitKnown: boolean;
  /** Starts the delivery of output. Nothing is read from the channel before. */
  start(sink: ChannelSink): void;
  /** Stops the delivery of one stream; the SSH window then slows the sender down. */
  pause(stream: 'stdout' | 'stderr'): void;
  resume(stream: 'stdout' | 'stderr'): void;
  /** `done` is always called; with an error if the channel or the connection ended first. */
  write(chunk: Buffer, done: (error?: Error) => void): void;
  /** End of input. */
  end(): void;
  /** RFC 4254 section 6.9; the name without SIG. OpenSSH acts on it, OpenSSH for Windows does not. */
  signal(name: string): void;
  /** RFC 4254 section 6.7, for a session with a terminal. Best effort: it has no reply. */
  resize(rows: number, columns: number): void;
  /** Asks the server to close the channel. The end follows once the server has done so. */
  close(): void;
}

/** `onReleased` and `closeTimeout` are those of `OwnSession.begin`. */
export function wrapSession(
  client: Client,
  raw: ClientChannel,
  lost: Lost,
  onReleased: () => void,
  closeTimeout: number,
): SessionChannel {
  return new SafeSession(client, raw, lost, onReleased, closeTimeout);
}

/** What goes wrong on a channel shows in how it ends; an `error` event without a listener would end the process. */
function ignoreErrors(raw: ClientChannel): void {
  raw.on('error', ignore);
  raw.stderr.on('error', ignore);
}

function ignore(): void {}

class SafeSession implements SessionChannel {
  #client: Client;
  #raw: ClientChannel;
  #lost: Lost;
  #sink: ChannelSink | undefined;
  #outcome: ChannelOutcome | undefined;
  #status: ChannelOutcome | undefined;
  #unsubscribe: () => void = () => {};
  #onReleased: (() => void) | undefined;
  readonly #closeTimeout: number;
  #hasLeft = false;
  /** Created on demand: few commands read any input. */
  #pendingWrites: Set<(error?: Error) => void> | undefined;
  /** The connection was lost after the server had said everything. */
  #isComplete = false;

  constructor(client: Client, raw: ClientChannel, lost: Lost, onReleased: () => void, closeTimeout: number) {
    this.#client = client;
    this.#raw = raw;
    this.#lost = lost;
    this.#onReleased = onReleased;
    this.#closeTimeout = closeTimeout;
    raw.destroy = () => {
      endAndClose(raw);
      this.#left();
      return raw;
    };
    ignoreErrors(raw);
    raw.on('exit', (code: number | null, signal?: string, _dump?: string, description?: string) => {
      this.#status = statusOf(code, signal, description);
    });
    raw.on('close', () => this.#closed());
    // Emitted on the server's CLOSE even while stdout is unread.
    raw.stderr.on('close', () => this.#released());
    this.#unsubscribe = lost.onLost((error) => this.#linkLost(error));
  }

  get isExitKnown(): boolean {
    return this.#status !== undefined;
  }

  start(sink: ChannelSink): void {
    this.#sink = sink;
    this.#raw.on('data', (chunk: Buffer) => sink.onStdout(chunk));
    this.#raw.stderr.on('data', (chunk: Buffer) => sink.onStderr(chunk));
    if (this.#outcome) sink.onEnd(this.#outcome);
  }

  pause(stream: 'stdout' | 'stderr'): void {
    this.#readable(stream).pause();
  }

  resume(stream: 'stdout' | 'stderr'): void {
    this.#readable(stream).resume();
  }

  write(chunk: Buffer, done: (error?: Error) => void): void {
    if (this.#outcome || !this.#raw.writable) return done(this.#writeError());
    this.#pendingWrites ??= new Set();
    this.#pendingWrites.add(done);
    // ssh2 forgets this callback if the connection is lost while the window is closed; #finish then calls it.
    this.#raw.write(chunk, (error?: Error | null) => {
      if (this.#pendingWrites?.delete(done)) done(error ?? undefined);
    });
  }

  end(): void {
    if (!this.#outcome && this.#raw.writable) this.#raw.end();
  }

  signal(name: string): void {
    if (this.#outcome || this.#lost.error) return;
    try {
      sendSignal(this.#client, this.#raw, name);
    } catch {
      // ssh2 knows only the names of RFC 4254 and cannot send others.
    }
  }

  resize(rows: number, columns: number): void {
    if (!this.#outcome && !this.#lost.error) this.#raw.setWindow(rows, columns, 0, 0);
  }

  close(): void {
    if (this.#lost.error) return;
    this.#raw.close();
    this.#left();
    // Unread output would hold up the end.
    this.#raw.resume();
    this.#raw.stderr.resume();
  }

  /** We have sent CLOSE; the server may never do so. */
  #left(): void {
    if (this.#hasLeft || this.#lost.error || stateOf(this.#raw).incoming?.state === 'closed') return;
    this.#hasLeft = true;
    if (this.#onReleased) this.#onReleased = atLatest(this.#closeTimeout, this.#onReleased);
  }

  #readable(stream: 'stdout' | 'stderr') {
    return stream === 'stdout' ? this.#raw : this.#raw.stderr;
  }

  #closed(): void {
    if (this.#lost.error && !this.#isComplete) this.#finish({ kind: 'lost', error: this.#lost.error });
    else if (this.#stderrEnded()) this.#finish(this.#status ?? { kind: 'no-status' });
    else this.#raw.stderr.once('end', () => this.#finish(this.#status ?? { kind: 'no-status' }));
  }

  /** ssh2 emits `close` when stdout has been consumed; stderr may still hold data. */
  #stderrEnded(): boolean {
    const { stderr } = this.#raw;
    return stderr.readableEnded || stderr.destroyed;
  }

  #linkLost(error: SshError): void {
    const state = stateOf(this.#raw).incoming?.state;
    this.#isComplete = this.#status !== undefined && (state === 'closed' || state === 'eof');
    if (this.#isComplete && this.#sink) return this.#released();
    this.#deliverRest();
    this.#finish({ kind: 'lost', error });
  }

  /** What arrived before the connection was lost is part of the output. */
  #deliverRest(): void {
    if (!this.#sink) return;
    // Reading emits `data`.
    for (const stream of [this.#raw, this.#raw.stderr]) while (stream.read() !== null);
  }

  #finish(outcome: ChannelOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#unsubscribe();
    const writes = this.#pendingWrites;
    this.#pendingWrites = undefined;
    for (const done of writes ?? []) done(this.#writeError());
    this.#released();
    this.#sink?.onEnd(outcome);
  }

  #released(): void {
    this.#onReleased?.();
    this.#onReleased = undefined;
  }

  #writeError(): Error {
    return writeError(this.#outcome, this.#lost);
  }
}

/** How the server says a command ended (RFC 4254 section 6.10). */
export function statusOf(code: number | null, signal = 'SIG?', description = ''): ChannelOutcome {
  if (code !== null) return { kind: 'exit', exitCode: code };
  return { kind: 'signal', signal: printable(signal, 40), description: printable(description, 300) };
}

export function writeError(outcome: ChannelOutcome | undefined, lost: Lost | undefined): Error {
  if (outcome?.kind === 'lost') return outcome.error;
  return lost?.error ?? Object.assign(new Error('write after the channel ended'), { code: 'EPIPE' });
}

/**
 * Does what ssh2's own `destroy` does, which Node calls when both directions have ended; but there, a second `end()`
 * makes Node create an error, with its stack, that nobody ever sees.
 */
function endAndClose(raw: ClientChannel): void {
  if (!raw.writableEnded) raw.end();
  raw.close();
}
