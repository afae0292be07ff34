import { Duplex } from 'node:stream';
import type { Channel } from 'ssh2';
import type { SshError } from '../../errors/index.ts';
import { stateOf } from '../insides/internals.ts';
import type { Lost } from '../transport/lost.ts';

/** The callback of a Node.js stream's implementation methods. */
export type StreamCallback = (error?: Error | null) => void;

/** What we use of an ssh2 channel, on the server or on the client side. */
export type RawChannel = Channel & { stderr: NodeJS.EventEmitter & { resume?(): unknown } };

/**
 * A forwarded byte stream, made safe. ssh2's own channel looks like a file that has ended when the connection is lost,
 * forgets the callbacks of writes that wait for the window, and does not end when it is destroyed. This one ends with
 * the connection's error, answers every write, keeps half-close and back-pressure, and `destroy()` closes it. An error
 * without a listener does not end the process; it still ends the stream.
 */
export function wrapStream(raw: RawChannel, lost: Lost): Duplex {
  return new StreamChannel(raw, lost);
}

class StreamChannel extends Duplex {
  #raw: RawChannel;
  #lost: Lost;
  #unsubscribe: () => void = () => {};
  #pending = new Set<StreamCallback>();
  #remoteClosed = false;

  constructor(raw: RawChannel, lost: Lost) {
    super({ allowHalfOpen: true });
    this.#raw = raw;
    this.#lost = lost;
    this.on('error', () => {});
    raw.on('error', (error: Error) => this.destroy(error));
    raw.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) raw.pause();
    });
    raw.on('end', () => this.push(null));
    raw.on('close', () => this.#closed());
    // A forwarded stream has no stderr, so the end of that shows the server's CLOSE even while the data is unread.
    raw.stderr.on('error', () => {});
    raw.stderr.on('close', () => this.#closed());
    raw.stderr.resume?.();
    this.#unsubscribe = lost.onLost((error) => this.#linkLost(error));
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: StreamCallback): void {
    if (!this.#raw.writable || this.#remoteClosed) return done(closedByPeer());
    const answer = this.#expect(done);
    this.#raw.write(chunk, answer);
  }

  override _final(done: StreamCallback): void {
    if (!this.#raw.writable || this.#remoteClosed) return done();
    const answer = this.#expect(done);
    this.#raw.end(answer);
  }

  override _destroy(error: Error | null, done: StreamCallback): void {
    this.#unsubscribe();
    this.#answerAll(error ?? closedByPeer());
    if (!this.#lost.error) this.#raw.close();
    // ssh2 frees the channel only once its data has been consumed.
    this.#raw.removeAllListeners('data');
    this.#raw.resume();
    done(error);
  }

  /** Returns `done` so that it is called exactly once: by ssh2, or by us if ssh2 has forgotten it. */
  #expect(done: StreamCallback): StreamCallback {
    const answer: StreamCallback = (error) => {
      if (this.#pending.delete(answer)) done(error);
    };
    this.#pending.add(answer);
    return answer;
  }

  #answerAll(error: Error): void {
    for (const answer of [...this.#pending]) answer(error);
  }

  /** The server closed the channel: nothing more can be written, but what has arrived can still be read. */
  #closed(): void {
    if (this.#remoteClosed || this.destroyed || this.#lost.error) return;
    this.#remoteClosed = true;
    this.#unsubscribe();
    this.#answerAll(closedByPeer());
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  #linkLost(error: SshError): void {
    if (!this.#complete()) this.destroy(error);
  }

  /** Both directions had ended before the connection was lost; only our reader is behind. */
  #complete(): boolean {
    const state = stateOf(this.#raw).incoming?.state;
    return (state === 'eof' || state === 'closed') && this.writableFinished;
  }
}

function closedByPeer(): Error {
  return Object.assign(new Error('The other end of the forwarded connection closed it'), { code: 'EPIPE' });
}
