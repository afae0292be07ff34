import type { ClientChannel } from 'ssh2';
import type { SshError } from '../errors/index.ts';
import { stateOf } from './internals.ts';
import type { Lost } from './lost.ts';

/** How a session channel ended. `no-status`: the server closed it without saying how the command ended. */
export type ChannelOutcome =
  | { kind: 'exit'; exitCode: number }
  | { kind: 'signal'; signal: string; description: string }
  | { kind: 'no-status' }
  | { kind: 'lost'; error: SshError };

export interface ChannelSink {
  onStdout(chunk: Buffer): void;
  onStderr(chunk: Buffer): void;
  /** Once, after the last data. */
  onEnd(outcome: ChannelOutcome): void;
}

/**
 * One session channel, made safe: the end always comes and is never taken for success when the link died; a write
 * always calls back; unread output cannot hold up the end.
 */
export interface SessionChannel {
  /** Starts the delivery of output. Nothing is read from the channel before. */
  start(sink: ChannelSink): void;
  /** Stops the delivery of one stream; the SSH window then slows the sender. */
  pause(stream: 'stdout' | 'stderr'): void;
  resume(stream: 'stdout' | 'stderr'): void;
  /** `done` is always called, with the error when the channel or the connection ended first. */
  write(chunk: Buffer, done: (error?: Error) => void): void;
  /** End of input. */
  end(): void;
  /** RFC 4254 section 6.9; the name without SIG. OpenSSH answers to it, Windows does not. */
  signal(name: string): void;
  /** Asks the server to close the channel. The end follows when the server has done so. */
  close(): void;
}

export function wrapSession(raw: ClientChannel, lost: Lost, onClosed: () => void): SessionChannel {
  return new SafeSession(raw, lost, onClosed);
}

class SafeSession implements SessionChannel {
  #raw: ClientChannel;
  #lost: Lost;
  #sink: ChannelSink | undefined;
  #outcome: ChannelOutcome | undefined;
  #status: ChannelOutcome | undefined;
  #unsubscribe: () => void = () => {};
  #onClosed: () => void;
  #pendingWrites = new Set<(error?: Error) => void>();

  constructor(raw: ClientChannel, lost: Lost, onClosed: () => void) {
    this.#raw = raw;
    this.#lost = lost;
    this.#onClosed = onClosed;
    raw.on('error', () => {});
    raw.stderr.on('error', () => {});
    raw.on('exit', (code: number | null, signal?: string, _dump?: string, description?: string) => {
      this.#status =
        code === null
          ? { kind: 'signal', signal: signal ?? 'SIG?', description: description ?? '' }
          : { kind: 'exit', exitCode: code };
    });
    raw.on('close', () => this.#closed());
    this.#unsubscribe = lost.onLost((error) => this.#linkLost(error));
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
    this.#pendingWrites.add(done);
    // ssh2 forgets this callback when the link dies while the window is shut; #finish then calls it.
    this.#raw.write(chunk, (error?: Error | null) => {
      if (this.#pendingWrites.delete(done)) done(error ?? undefined);
    });
  }

  end(): void {
    if (!this.#outcome && this.#raw.writable) this.#raw.end();
  }

  signal(name: string): void {
    if (this.#outcome || this.#lost.error) return;
    try {
      this.#raw.signal(name);
    } catch {
      // ssh2 knows only the names of RFC 4254; for others there is no way to ask.
    }
  }

  close(): void {
    if (this.#lost.error) return;
    this.#raw.close();
    // Unread output would keep the end from coming.
    this.#raw.resume();
    this.#raw.stderr.resume();
  }

  #readable(stream: 'stdout' | 'stderr') {
    return stream === 'stdout' ? this.#raw : this.#raw.stderr;
  }

  #closed(): void {
    if (this.#lost.error && !this.#complete()) this.#finish({ kind: 'lost', error: this.#lost.error });
    else if (this.#stderrEnded()) this.#finish(this.#status ?? { kind: 'no-status' });
    else this.#raw.stderr.once('end', () => this.#finish(this.#status ?? { kind: 'no-status' }));
  }

  /** ssh2 emits `close` when stdout was consumed; stderr may still hold data. */
  #stderrEnded(): boolean {
    const { stderr } = this.#raw;
    return stderr.readableEnded || stderr.destroyed;
  }

  /** All that the server had to say arrived before the link died; only our reader is behind. */
  #complete(): boolean {
    return this.#status !== undefined && this.#endSeen;
  }

  #endSeen = false;

  #linkLost(error: SshError): void {
    const state = stateOf(this.#raw).incoming?.state;
    this.#endSeen = state === 'closed' || (state === 'eof' && this.#status !== undefined);
    if (this.#complete() && this.#sink) return;
    this.#finish({ kind: 'lost', error });
  }

  #finish(outcome: ChannelOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#unsubscribe();
    const writes = [...this.#pendingWrites];
    this.#pendingWrites.clear();
    for (const done of writes) done(this.#writeError());
    this.#onClosed();
    this.#sink?.onEnd(outcome);
  }

  #writeError(): Error {
    if (this.#outcome?.kind === 'lost') return this.#outcome.error;
    return this.#lost.error ?? Object.assign(new Error('write after the channel ended'), { code: 'EPIPE' });
  }
}
