import type { Connection, ParsedKey, ServerChannel, Session } from 'ssh2';

/**
 * The parts of ssh2 1.17 that are not in its types and that a server needs in order to misbehave, or to correct a fault
 * of ssh2's server. insides.ts lists them, and this file contains every use of them.
 */
interface ServerProtocol {
  _handlers: Record<string, ((protocol: unknown, ...args: never[]) => void) | undefined>;
  _hostKeys: Record<string, ParsedKey>;
  _destruct: unknown;
  _cipher: { encrypt(packet: Buffer): void };
  _decipher: { inSeqno: number };
  _packetRW: {
    write: {
      allocStartKEX: number;
      alloc(length: number, force: boolean): Buffer;
      finalize(packet: Buffer, force: boolean): Buffer;
    };
  };
  rekey(): void;
  channelOpenFail(recipient: number, reason: number, text: string): void;
  channelWindowAdjust(channel: number, bytes: number): void;
  channelClose(channel: number): void;
}

interface SessionInternals {
  _ending: boolean;
  _channel: unknown;
  _chanInfo: { incoming: { id: number }; outgoing: { id: number } };
}

interface Internals {
  _chanMgr: { remove(id: number): void };
  _sock: unknown;
  _protocol: ServerProtocol;
}

interface ChannelInternals {
  outgoing: { id: number; window: number; state: string };
  _waitWindow: boolean;
  _chunk: Buffer | undefined;
  _chunkcb: (() => void) | undefined;
  _chunkErr: Buffer | undefined;
  _chunkcbErr: (() => void) | undefined;
  _write(chunk: Buffer, encoding: BufferEncoding | null, done: () => void): void;
  stderr: { _write(chunk: Buffer, encoding: BufferEncoding | null, done: () => void): void };
}

const internals = (client: Connection) => client as unknown as Internals;
const channelInternals = (channel: ServerChannel) => channel as unknown as ChannelInternals;

/** ssh2 takes the end of a command's input for the end of its session, and then ignores the client's signals. */
export function hearSignalsAfterInput(session: Session): void {
  (session as unknown as SessionInternals)._ending = false;
}

/** The stream that ssh2 was given for this client. */
export function socketOf(client: Connection): unknown {
  return internals(client)._sock;
}

/** Whether packets can still be sent: afterwards, ssh2 throws and its native part may crash. */
export function canSend(client: Connection): boolean {
  return internals(client)._protocol._destruct !== undefined;
}

export function isLoggedIn(client: Connection): boolean {
  return (client as unknown as { authenticated?: boolean }).authenticated === true;
}

/** The sequence number of the message that is being handled (RFC 4253 section 6.4). */
export function lastSequenceNumber(client: Connection): number {
  return (internals(client)._protocol._decipher.inSeqno - 1) >>> 0;
}

/** Sends a packet for which ssh2 has no method. */
export function sendPacket(client: Connection, payload: Buffer): void {
  const protocol = internals(client)._protocol;
  const writer = protocol._packetRW.write;
  const start = writer.allocStartKEX;
  const packet = writer.alloc(payload.length, true);
  packet.set(payload, start);
  protocol._cipher.encrypt(writer.finalize(packet, true));
}

/** Puts `handler` in front of ssh2's own for one type of message; calling `next` passes the message on. */
export function interceptMessage<Arguments extends unknown[]>(
  client: Connection,
  message: 'GLOBAL_REQUEST' | 'CHANNEL_OPEN' | 'CHANNEL_WINDOW_ADJUST' | 'USERAUTH_REQUEST',
  handler: (next: () => void, ...args: Arguments) => void,
): void {
  const handlers = internals(client)._protocol._handlers;
  const original = handlers[message] as ((...args: unknown[]) => void) | undefined;
  const replacement = (protocol: unknown, ...args: Arguments) =>
    handler(() => original?.(protocol, ...args), ...args);
  handlers[message] = replacement as unknown as (protocol: unknown, ...args: never[]) => void;
}

/** Refuses to open a channel. */
export function refuseChannel(client: Connection, recipient: number, reason: number, text: string): void {
  internals(client)._protocol.channelOpenFail(recipient, reason, text);
}

/** ssh2 refuses channels without a text and always with reason 2; OpenSSH does not. */
export function setRefusal(
  client: Connection,
  refusal: () => { reason: number; text: string } | undefined,
): void {
  const protocol = internals(client)._protocol;
  const original = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (recipient, reason, text) => {
    const wanted = refusal();
    original(recipient, wanted?.reason ?? reason, wanted?.text ?? (text || 'open failed'));
  };
}

/** From now on, the server never extends the window. */
export function dropWindowAdjusts(client: Connection): void {
  internals(client)._protocol.channelWindowAdjust = () => {};
}

export function startRekey(client: Connection): void {
  internals(client)._protocol.rekey();
}

/** The next key exchange of this client uses `key`. */
export function replaceHostKey(client: Connection, key: ParsedKey): void {
  internals(client)._protocol._hostKeys = { [key.type]: key };
}

/** Sends regardless of the client's window. */
export function ignoreWindow(channel: ServerChannel): void {
  channelInternals(channel).outgoing.window = Number.POSITIVE_INFINITY;
}

/**
 * ssh2 recognises a session on which nothing was started by its class name. A minifier changes that name, and the
 * server would then fail when such a session is closed.
 */
export function keepSessionName(session: Session): void {
  const known = session.constructor;
  if (known.name !== 'Session') Object.defineProperty(known, 'name', { value: 'Session' });
}

/** ssh2 never answers the CLOSE of a session in which nothing was started, and never forgets its channel. */
export function closeUnusedSession(client: Connection, session: Session): void {
  const { _channel, _chanInfo } = session as unknown as SessionInternals;
  if (_channel) return;
  const { _chanMgr, _protocol } = internals(client);
  _chanMgr.remove(_chanInfo.incoming.id);
  _protocol.channelClose(_chanInfo.outgoing.id);
}

/** Nothing more may be sent on this channel: its connection is gone. */
export function silenceChannel(channel: ServerChannel): void {
  channelInternals(channel).outgoing.state = 'closed';
}

/**
 * Corrects ssh2's server channel: a write after the channel's end never called back; stdout and stderr data that both
 * waited for window hung, or an old piece was sent twice (its `_chunk` is never cleared).
 */
export function mendChannel(channel: ServerChannel): void {
  const inner = channelInternals(channel);
  const writeOut = inner._write.bind(channel);
  const writeErr = inner.stderr._write.bind(channel.stderr);
  const isOpen = () => inner.outgoing.state === 'open';
  inner._write = (chunk, encoding, done) => {
    inner._chunk = inner._chunkcb = undefined;
    if (!isOpen()) return done();
    writeOut(chunk, encoding, done);
    resume();
  };
  inner.stderr._write = (chunk, encoding, done) => {
    inner._chunkErr = inner._chunkcbErr = undefined;
    if (!isOpen()) return done();
    writeErr(chunk, encoding, done);
    resume();
  };
  // Whatever is still waiting continues if there is window left, or waits for the next grant.
  const resume = () => {
    if (!inner._chunk && !inner._chunkErr) return;
    if (inner.outgoing.window <= 0) inner._waitWindow = true;
    else if (inner._chunk && inner._chunkcb) inner._write(inner._chunk, null, inner._chunkcb);
    else if (inner._chunkErr && inner._chunkcbErr)
      inner.stderr._write(inner._chunkErr, null, inner._chunkcbErr);
  };
}
