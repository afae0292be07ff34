import type { Client } from 'ssh2';
import { protocolOf } from '../internals.ts';
import { dropAfterLogin } from '../until-login.ts';
import { Wrapper } from '../wrapper.ts';

interface PacketDecipher {
  read(packet: Buffer): Buffer;
  _zlib?: { _maxOutputLength?: number };
}

interface Cipher {
  encrypt(packet: Buffer): void;
}

interface Streams {
  read?: PacketDecipher | undefined;
  write?: unknown;
}

interface PacketProtocol {
  _packetRW?: Streams;
  _cipher?: Cipher;
  _strictMode?: boolean;
  _onPayload?(payload: Uint8Array): unknown;
  disconnect?(reason: number): void;
}

type LoginRequest = (...given: unknown[]) => void;
const loginRequests = ['authPassword', 'authPK', 'authKeyboard', 'authNone'] as const;
const loginListener = Symbol('called at each login request');
type LoginProtocol = Partial<Record<(typeof loginRequests)[number], LoginRequest>> & {
  [loginListener]?: () => void;
};

const telling = new Wrapper<LoginRequest>(
  (request) =>
    function (this: LoginProtocol, ...given) {
      this[loginListener]?.();
      request.apply(this, given);
    } as LoginRequest,
);

/** The payload follows the packet length and the padding length (RFC 4253 section 6). */
const payloadStart = 5;

/**
 * The limit for a decompressed message: far more than an uncompressed one may have, far less than compression could
 * reach.
 */
const longestMessage = 256 * 1024;

/** Sees an incoming message and returns what ssh2 is to read in its place. If it throws, reading ends. */
type Pass = (payload: Buffer) => Buffer;

/**
 * Lets `pass` see each message before ssh2 does, decrypted and decompressed, after all functions registered earlier.
 * ssh2 creates a new reader at each key exchange, and another one when compression begins.
 */
export function passInbound(client: Client, pass: Pass): boolean {
  const protocol = protocolOf(client) as PacketProtocol | undefined;
  const streams = protocol?._packetRW;
  if (!protocol || !streams || typeof streams.read?.read !== 'function') return false;
  const passing = streams instanceof PassingStreams ? streams : new PassingStreams(streams);
  protocol._packetRW = passing;
  passing.passes = passing.passes.concat(pass);
  return true;
}

/** Removes `pass`. */
export function stopPassing(client: Client, pass: Pass): void {
  const streams = (protocolOf(client) as PacketProtocol | undefined)?._packetRW;
  if (!(streams instanceof PassingStreams)) return;
  // A new list: a message may be passing through the old one.
  streams.passes = streams.passes.filter((other) => other !== pass);
}

/** Takes the place of ssh2's pair of reader and writer. */
class PassingStreams implements Streams {
  passes: readonly Pass[] = [];
  write: unknown;
  #read: PacketDecipher | undefined;

  constructor({ read, write }: Streams) {
    this.write = write;
    this.read = read;
  }

  get read(): PacketDecipher | undefined {
    return this.#read;
  }

  set read(next: PacketDecipher | undefined) {
    this.#read = next && passing(next, this);
  }
}

function passing(reader: PacketDecipher, streams: PassingStreams): PacketDecipher {
  const { read, _zlib: inflate } = reader;
  if (typeof inflate?._maxOutputLength === 'number') inflate._maxOutputLength = longestMessage;
  reader.read = (packet) => {
    let payload = read.call(reader, packet);
    // For every message: without an iterator.
    const { passes } = streams;
    for (let n = 0; n < passes.length; n++) payload = (passes[n] as Pass)(payload);
    return payload;
  };
  return reader;
}

/** Passes the type of each message to `judge` before ssh2 reads it. If `judge` throws, reading ends. */
export function judgeInbound(client: Client, judge: (type: number) => void): boolean {
  return passInbound(client, (payload) => {
    const type = payload[0];
    if (type !== undefined) judge(type);
    return payload;
  });
}

/**
 * Calls back for an empty packet, which ssh2 ignores outside a key exchange. If `listener` throws, reading ends. Call
 * it before the first key exchange: each exchange passes the message reader on.
 */
export function onEmptyMessage(client: Client, listener: () => void): boolean {
  const protocol = protocolOf(client) as PacketProtocol | undefined;
  const read = protocol?._onPayload;
  if (!protocol || typeof read !== 'function') return false;
  protocol._onPayload = (payload) => {
    if (payload.length === 0) listener();
    return read(payload);
  };
  return true;
}

/** Passes the type of each message that is about to leave unencrypted to `judge`. If `judge` throws, it is not sent. */
export function judgePlainOutbound(client: Client, judge: (type: number) => void): boolean {
  // The first cipher encrypts nothing; the key exchange replaces it.
  const cipher = (protocolOf(client) as PacketProtocol | undefined)?._cipher;
  if (typeof cipher?.encrypt !== 'function') return false;
  const encrypt = cipher.encrypt;
  cipher.encrypt = (packet) => {
    judge(packet[payloadStart] ?? 0);
    encrypt.call(cipher, packet);
  };
  return true;
}

/** Calls back whenever an authentication request is made. */
export function onLoginRequest(client: Client, listener: () => void): boolean {
  const protocol = protocolOf(client) as LoginProtocol | undefined;
  if (!protocol) return false;
  const isTelling = loginRequests.every((name) => {
    const request = protocol[name];
    if (typeof request === 'function') protocol[name] = telling.around(request);
    return typeof request === 'function';
  });
  if (!isTelling) return false;
  protocol[loginListener] = listener;
  dropAfterLogin(client, protocol, loginListener);
  return true;
}

/** Whether strict key exchange was agreed on; ssh2 knows it once it has read the server's KEXINIT. */
export function isStrictKex(client: Client): boolean {
  return (protocolOf(client) as PacketProtocol | undefined)?._strictMode === true;
}

/** Sends a DISCONNECT with a reason of RFC 4253 section 11.1; allowed at any time, even during a key exchange. */
export function sendDisconnect(client: Client, reason: number): void {
  (protocolOf(client) as PacketProtocol | undefined)?.disconnect?.(reason);
}
