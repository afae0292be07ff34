import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { CutFault, CutHow, Faults } from '../faults/fault-types.ts';
import { Pacer } from './pacer.ts';
import { resetSocket } from './reset.ts';

const newline = 10;
const maxIdent = 8192;
// Milliseconds after the accept before a reset, so that the client learns that it was connected.
const resetDelayMs = 5;
// Bytes that a frozen connection takes, in place of the kernels' buffers, before its client's writes stall.
const frozenAppetite = 4 << 20;

/** Receives the events of a link. */
interface LinkEvents {
  /** The client has closed or reset its side, or the link is gone: it no longer counts as open. */
  onClientGone(): void;
  /** The socket is closed. */
  onClosed(): void;
  /** A fault struck. */
  onCut(how: CutHow): void;
}

/**
 * The stream that ssh2's server is given in place of the client's socket. It passes bytes on, counts them exactly, and
 * is where a connection is slowed down, cut or frozen.
 */
export class MockLink extends Duplex {
  readonly raw: Socket;
  /** Once set, nothing passes in either direction. */
  #cutBy: CutHow | undefined;
  readonly #fault: CutFault | undefined;
  #bytesIn = 0;
  #bytesOut = 0;
  #swallowed = 0;
  #ident: Buffer[] | undefined = [];
  #drip: { left: number; size: number; intervalMs: number } | undefined;
  #dripTimer: NodeJS.Timeout | undefined;
  readonly #pacerIn: Pacer | undefined;
  readonly #pacerOut: Pacer | undefined;
  readonly #events: LinkEvents;
  #gone = false;
  readonly #acceptedAt = performance.now();
  #resetTimer: NodeJS.Timeout | undefined;
  /** The last byte to the server has passed; the cut follows. */
  #struck = false;

  constructor(raw: Socket, faults: Faults | undefined, events: LinkEvents) {
    super({ allowHalfOpen: false, highWaterMark: 256 << 10 });
    this.raw = raw;
    this.#events = events;
    this.#fault = faults?.cut;
    if (faults?.latencyMs || faults?.throttle) {
      const pace = {
        latencyMs: faults.latencyMs ?? 0,
        bytesPerSecond: faults.throttle?.bytesPerSecond ?? Number.POSITIVE_INFINITY,
      };
      this.#pacerIn = new Pacer(pace, (chunk) => this.#deliver(chunk));
      this.#pacerOut = new Pacer(pace, (chunk) => this.#send(chunk, () => {}));
    }
    this.on('error', () => {});
    this.#listen();
    if (this.#fault?.atByte === 0) this.cut(this.#fault.how);
  }

  get remoteAddress(): string | undefined {
    return this.raw.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.raw.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.raw.remoteFamily;
  }

  /** Whether the link was cut by a fault or by a test. */
  get isCut(): boolean {
    return this.#cutBy !== undefined;
  }

  /** Sends the first `bytes` bytes in pieces of `size`, `intervalMs` apart. */
  dripFirst(bytes: number, size: number, intervalMs: number): void {
    this.#drip = { left: bytes, size, intervalMs };
  }

  /** Writes to the client, bypassing ssh2. */
  sendRaw(data: string | Buffer): boolean {
    if (this.#cutBy || this.raw.destroyed || this.raw.writableEnded) return false;
    this.#send(Buffer.from(data), () => {});
    return true;
  }

  /** Ends the link for both sides. A frozen one can still be ended. */
  cut(how: CutHow): void {
    if (this.#cutBy === how || (this.#cutBy && this.#cutBy !== 'freeze')) return;
    this.#cutBy = how;
    this.#stopTimers();
    if (how === 'rst') this.#resetSoon();
    if (how === 'fin') this.raw.end();
    // ssh2 may be in the middle of a packet: its state must not be torn down.
    if (how !== 'freeze') setImmediate(() => this.destroy());
    this.raw.resume();
    this.#events.onCut(how);
  }

  /** Closes the socket at once, whatever the state. */
  terminate(): void {
    this.#stopTimers();
    clearTimeout(this.#resetTimer);
    this.raw.destroy();
    this.destroy();
  }

  override _read(): void {
    if (!this.#cutBy) this.raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#cutBy) done();
    else if (this.#drip) this.#sendDrop(chunk, done);
    else if (this.#pacerOut) this.#pacerOut.push(chunk, done);
    else this.#send(chunk, done);
  }

  override _writev(items: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(items.map((item) => item.chunk)), 'binary', done);
  }

  override _final(done: () => void): void {
    const end = () => {
      if (!this.#cutBy) this.raw.end();
      done();
    };
    if (this.#pacerOut) this.#pacerOut.flush(end);
    else end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stopTimers();
    // After a FIN, the socket waits for the client's; a frozen one stays open whatever ssh2 thinks.
    if (!this.#cutBy) this.raw.destroy();
    done(error);
  }

  #listen(): void {
    const { raw } = this;
    raw.on('error', () => {});
    raw.on('data', (chunk) => this.#receive(chunk));
    raw.once('end', () => {
      this.#clientIsGone();
      if (this.#cutBy === 'fin') raw.destroy();
      else if (this.#cutBy === undefined) this.#endInput();
    });
    raw.once('close', () => {
      this.#stopTimers();
      clearTimeout(this.#resetTimer);
      this.#clientIsGone();
      this.destroy();
      this.#events.onClosed();
    });
  }

  #clientIsGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#events.onClientGone();
  }

  #endInput(): void {
    const end = () => this.push(null);
    if (this.#pacerIn) this.#pacerIn.flush(end);
    else end();
  }

  #receive(chunk: Buffer): void {
    if (this.#cutBy) return this.#swallow(chunk);
    if (!this.#pacerIn) return this.#deliver(chunk);
    let isDone = false;
    this.#pacerIn.push(chunk, () => {
      isDone = true;
      if (!this.#cutBy) this.raw.resume();
    });
    if (!isDone) this.raw.pause();
  }

  #swallow(chunk: Buffer): void {
    this.#swallowed += chunk.length;
    if (this.#cutBy === 'freeze' && this.#swallowed > frozenAppetite) this.raw.pause();
  }

  /** Passes bytes to ssh2, up to the byte at which the link is cut. */
  #deliver(chunk: Buffer): void {
    if (this.#cutBy || this.#struck) return;
    const left =
      this.#fault?.direction === 'toServer' ? this.#fault.atByte - this.#bytesIn : Number.POSITIVE_INFINITY;
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.#bytesIn += part.length;
    this.#feed(part);
    if (chunk.length < left || !this.#fault) return;
    const { how } = this.#fault;
    this.#struck = true;
    this.raw.pause();
    setImmediate(() => this.cut(how));
  }

  /**
   * ssh2 loses bytes of an identification line that arrives in three or more segments, so it is passed on in one piece.
   */
  #feed(chunk: Buffer): void {
    if (this.#ident) {
      this.#ident.push(chunk);
      const all = Buffer.concat(this.#ident);
      if (!all.includes(newline) && all.length < maxIdent) return;
      this.#ident = undefined;
      chunk = all;
    }
    if (!this.push(chunk)) this.raw.pause();
  }

  /** Passes bytes to the client, up to the byte at which the link is cut. */
  #send(chunk: Buffer, done: () => void): void {
    if (this.#cutBy || this.raw.destroyed || this.raw.writableEnded) return done();
    const left =
      this.#fault?.direction === 'toClient' ? this.#fault.atByte - this.#bytesOut : Number.POSITIVE_INFINITY;
    if (chunk.length < left) {
      this.#bytesOut += chunk.length;
      this.raw.write(chunk, () => done());
      return;
    }
    this.#sendLast(chunk.subarray(0, left), (this.#fault as CutFault).how);
    done();
  }

  /** Sends the last bytes before a cut: a reset must not overtake them. */
  #sendLast(chunk: Buffer, how: CutHow): void {
    this.#bytesOut += chunk.length;
    if (how === 'rst') {
      // Nothing else may be written meanwhile, and ssh2 must not be told earlier.
      const { raw } = this;
      raw.write(chunk, () => this.cut('rst'));
      this._write = (_chunk, _encoding, done) => done();
      return;
    }
    this.raw.write(chunk);
    this.cut(how);
  }

  /** A reset discards what the client has not read yet; right after the accept, even connect() would fail. */
  #resetSoon(): void {
    const sinceAccept = performance.now() - this.#acceptedAt;
    this.#resetTimer = setTimeout(() => resetSocket(this.raw), Math.max(1, resetDelayMs - sinceAccept));
  }

  #sendDrop(chunk: Buffer, done: () => void): void {
    const drip = this.#drip;
    if (!drip || drip.left <= 0) {
      this.#drip = undefined;
      return this._write(chunk, 'binary', done);
    }
    if (this.#cutBy || chunk.length === 0) return done();
    const size = Math.min(drip.size, drip.left);
    drip.left -= Math.min(size, chunk.length);
    this.#send(chunk.subarray(0, size), () => {
      this.#dripTimer = setTimeout(() => this.#sendDrop(chunk.subarray(size), done), drip.intervalMs);
    });
  }

  #stopTimers(): void {
    clearTimeout(this.#dripTimer);
    this.#pacerIn?.stop();
    this.#pacerOut?.stop();
  }
}
