import type { ClientChannel } from 'ssh2';
import type { SshError } from '../../errors/index.ts';
import { printable } from '../../text/printable.ts';
import { latch } from '../../time/latch.ts';
import { atLatest, atMost } from '../../time/timer.ts';
import type { WindowsFacts } from '../../windows/versions.ts';
import type { Link } from '../channels/link.ts';
import { sendBeforeWindow } from '../insides/ahead/before-window.ts';
import { LostSignal } from '../transport/lost.ts';
import { type Asked, brokenReply, noReply, notOffered, refusal, sessionEnded, spoke } from './errors.ts';
import { Greeting } from './greeting.ts';
import { PendingRequests, type Reply } from './pending.ts';
import type { Answered } from './requests.ts';
import { type PacketPieces, PacketSplitter, withWholeHead } from './splitter.ts';
import { init } from './subsystem.ts';
import { encodePacket, type Field, MalformedPacket, PacketReader, packetType, statusCode } from './wire.ts';

/** How a reply of one type is read; the result may be `undefined` only at an end of file. */
export interface Question<T> extends Asked {
  type: number;
  fields: readonly Field[];
  expect: number;
  read: (reader: PacketReader) => T;
}

type ReplyDone = (error: SshError | undefined, reply: Reply | undefined) => void;

/** Requests up to this size are gathered into one packet, up to that many bytes. */
const gatherBelow = 8 * 1024;
const gatherAtMost = 28 * 1024;
/** Consecutive replies that nobody waits for; a transfer that was given up leaves a few hundred. */
const mostStrays = 10_000;
/** Milliseconds that an answer may take at most while only a cleaning up waits for it. */
const cleanUpTimeout = 60_000;
const closePatienceMs = 5_000;

/**
 * The packets of one SFTP session over a channel of ours. ssh2's own SFTP layer is not used: it has no back-pressure
 * and no deadline, copies file data twice, and many of its calls never call back when the connection is lost.
 */
export class SftpSession {
  readonly #ended = new LostSignal();
  readonly #link: Link;
  readonly windows: WindowsFacts | undefined;
  readonly #channel: ClientChannel;
  readonly #pending: PendingRequests;
  readonly #closed = latch<void>();
  readonly #splitter = new PacketSplitter((pieces, length) => this.#receive(pieces, length));
  readonly #greeting = new Greeting();
  #unsubscribe: () => void = () => {};
  #hasLeft: () => void = () => {};
  #outbox: Buffer[] = [];
  #outboxBytes = 0;
  #strays = 0;
  #isCleaningUp = false;
  #onVersion: ((reader: PacketReader) => void) | undefined;

  constructor(
    link: Link,
    channel: ClientChannel,
    requestTimeout: number,
    windows?: WindowsFacts | undefined,
  ) {
    this.#link = link;
    this.windows = windows;
    this.#channel = channel;
    this.#pending = new PendingRequests(requestTimeout, (overdue) => {
      const error = noReply(link.where, overdue, this.#pending.timeout);
      overdue.settle(error, undefined);
      if (this.#isCleaningUp) this.#end(error);
    });
    channel.on('error', () => {});
    channel.stderr.on('error', () => {}).resume();
    channel.on('data', (chunk: Buffer) => this.#push(chunk));
    channel.on('end', () => this.#end(sessionEnded(link.where, 'the server ended it')));
    channel.on('close', this.#channelClosed);
    this.#unsubscribe = link.lost.onLost((error) => {
      this.#end(error);
      this.#channelClosed();
    });
  }

  get ended(): SshError | undefined {
    return this.#ended.error;
  }

  /** Requests without a reply. */
  get busy(): boolean {
    return this.#pending.size > 0;
  }

  set requestTimeout(ms: number) {
    this.#pending.timeout = ms;
  }

  /** From now on a request that is overdue ends the session: those behind it would hold it for hours, one by one. */
  cleanUp(): void {
    this.#isCleaningUp = true;
    if (this.#pending.timeout > cleanUpTimeout) this.#pending.timeout = cleanUpTimeout;
  }

  onEnded(listener: (error: SshError) => void): () => void {
    return this.#ended.onLost(listener);
  }

  /**
   * Sends INIT, unless that has been sent, and resolves to the body of the server's VERSION. Requests made before that
   * are sent right after INIT.
   */
  handshake(isBegun = false): Promise<PacketReader> {
    const version = latch<PacketReader>();
    this.#pending.isHeld = true;
    this.#onVersion = (reader) => {
      this.#pending.isHeld = false;
      version.resolve(reader);
    };
    const unsubscribe = this.onEnded((error) => version.reject(error));
    if (!this.ended && !isBegun) this.#write(init);
    return version.promise.finally(unsubscribe);
  }

  ask<T>(question: Question<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.askThen(question, (error, answer) => (error ? reject(error) : resolve(answer as T)));
    });
  }

  /** As `ask`, without a promise. */
  askThen<T>(question: Question<T>, done: Answered<T>): void {
    this.request(question, (error, reply) => {
      if (error) return done(error, undefined);
      let answer: T;
      try {
        answer = this.#read(question, reply as Reply);
      } catch (problem) {
        return done(problem as SshError, undefined);
      }
      done(undefined, answer);
    });
  }

  /** The request itself; `done` is called once. */
  request(asked: Asked & { type: number; fields: readonly Field[] }, done: ReplyDone): void {
    const id = this.register(asked, done);
    if (id !== undefined) this.send(encodePacket(asked.type, id, asked.fields));
  }

  /** Registers a request and returns its id; if the session is over, calls back and returns undefined. */
  register(asked: Asked, done: ReplyDone): number | undefined {
    if (this.ended) {
      done(this.ended, undefined);
      return undefined;
    }
    return this.#pending.add({ operation: asked.operation, path: asked.path, settle: done });
  }

  /**
   * Small requests of one turn of the event loop leave in one SSH packet: a thousand small files cost a tenth of the
   * encryption.
   */
  send(packet: Buffer): void {
    if (packet.length > gatherBelow) {
      this.#flush();
      return this.#write(packet);
    }
    if (this.#outbox.length === 0) setImmediate(() => this.#flush());
    this.#outbox.push(packet);
    this.#outboxBytes += packet.length;
    if (this.#outboxBytes > gatherAtMost) this.#flush();
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const packets = this.#outbox;
    this.#outbox = [];
    this.#outboxBytes = 0;
    if (!this.ended) this.#write(packets.length === 1 ? (packets[0] as Buffer) : Buffer.concat(packets));
  }

  #write(data: Buffer): void {
    const isSent = this.#onVersion && sendBeforeWindow(this.#link.client, this.#channel, data);
    if (!isSent) this.#channel.write(data);
  }

  /** What a reply of an unexpected type means: a refusal, or a server that violates the protocol. */
  unexpected(asked: Asked, reply: Reply): SshError {
    if (reply.type !== packetType.status) {
      return brokenReply(
        this.#link.where,
        asked,
        `a reply of type ${reply.type}, which this request does not have`,
      );
    }
    return refusal(this.#link.where, asked, Buffer.concat(reply.pieces), this.windows);
  }

  broken(asked: Asked, what: string): SshError {
    return brokenReply(this.#link.where, asked, what);
  }

  notOffered(asked: Asked, extension: string): SshError {
    return notOffered(this.#link.where, asked, extension);
  }

  /** Ends the session, and every request with this error. */
  readonly fail = (error: SshError): void => this.#end(error);

  async close(): Promise<void> {
    if (!this.ended) this.#end(sessionEnded(this.#link.where, 'it was closed', false));
    await atMost(closePatienceMs, this.#closed.promise);
  }

  #read<T>(question: Question<T>, reply: Reply): T {
    const body = reply.pieces.length === 1 ? (reply.pieces[0] as Buffer) : Buffer.concat(reply.pieces);
    if (reply.type === packetType.status && question.expect === packetType.status) {
      if (new PacketReader(body, 5).uint32() === statusCode.ok) return undefined as T;
    }
    if (reply.type !== question.expect || question.expect === packetType.status) {
      throw this.unexpected(question, reply);
    }
    try {
      return question.read(new PacketReader(body, 5));
    } catch (error) {
      if (error instanceof MalformedPacket) throw this.broken(question, error.message);
      throw error;
    }
  }

  #push(chunk: Buffer): void {
    if (this.ended) return;
    this.#greeting.take(chunk);
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      this.#end(this.#spoilt(error));
    }
  }

  /** The error that ends the session while it reads. An error of ours is not blamed on the server. */
  #spoilt(error: unknown): SshError {
    const { where } = this.#link;
    if (!(error instanceof MalformedPacket)) {
      return sessionEnded(where, `reading an answer failed here: ${printable(String(error))}`, false);
    }
    const noise = this.#greeting.noise;
    if (noise !== undefined) return spoke(where, 'before SFTP began', noise);
    if (error.text !== undefined) return spoke(where, 'in the middle of SFTP', error.text);
    return sessionEnded(where, `the server sent ${error.message}, which is not SFTP`, false);
  }

  #receive(pieces: PacketPieces, length: number): void {
    const whole = withWholeHead(pieces, Math.min(length, 9));
    const head = whole[0] as Buffer;
    const type = head[0] as number;
    if (type === packetType.version) {
      this.#onVersion?.(new PacketReader(Buffer.concat(whole), 1));
      this.#onVersion = undefined;
      return;
    }
    if (!isReply(type)) throw new MalformedPacket(`a packet of type ${type}`);
    // Whoever receives an answer relies on the server having announced its extensions before.
    if (this.#onVersion && this.busy) throw new MalformedPacket('an answer before its version');
    if (length < 9 || this.ended) return;
    const pending = this.#pending.take(head.readUInt32BE(1));
    // Nobody waits for a reply that came twice or too late.
    this.#strays = pending ? 0 : this.#strays + 1;
    if (this.#strays > mostStrays) throw new MalformedPacket(`${mostStrays} replies that nobody waits for`);
    pending?.settle(undefined, { type, pieces: whole, length });
  }

  #end(error: SshError): void {
    if (this.ended) return;
    this.#ended.declare(error);
    this.#hasLeft = this.#link.slots.leave();
    for (const pending of this.#pending.takeAll()) pending.settle(error, undefined);
    if (!this.#link.lost.error) setImmediate(() => this.#closeChannel());
  }

  #closeChannel(): void {
    if (this.#link.lost.error) return;
    this.#channel.end();
    this.#channel.close();
    this.#channel.resume();
    if (!this.#closed.settled)
      this.#channel.once('close', atLatest(this.#link.channelTimeout, this.#channelClosed));
  }

  readonly #channelClosed = (): void => {
    this.#end(sessionEnded(this.#link.where, 'the server closed it'));
    if (this.#closed.settled) return;
    this.#unsubscribe();
    this.#hasLeft();
    this.#link.releaseSession();
    this.#closed.resolve();
  };
}

function isReply(type: number): boolean {
  return (type >= packetType.status && type <= packetType.attrs) || type === packetType.extendedReply;
}
