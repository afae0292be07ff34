import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  type Decipher,
  diffieHellman,
  generateKeyPairSync,
  type KeyPairKeyObjectResult,
  randomBytes,
  sign,
} from 'node:crypto';
import { createServer, type Socket } from 'node:net';

/** Where a message of the script stands in what the server sends. */
export type Position =
  /** Unencrypted, between the key exchange reply and NEWKEYS. */
  | 'before'
  /** In the same write as NEWKEYS, encrypted. */
  | 'glued'
  /** Encrypted, cut in two: the first half in the same write as NEWKEYS. */
  | 'split'
  /** Encrypted, in a write of its own a turn after NEWKEYS. */
  | 'between';

export interface RawScript {
  /** The payload of one more message. */
  message?: Buffer;
  position?: Position;
  /** Cuts all that is written into pieces of this many bytes. */
  piece?: number;
  /** Does not go on with a key exchange behind the first one. */
  endlessRekey?: boolean;
  /** Answers what comes encrypted, given its payload. */
  answer?: (server: RawConnection, payload: Buffer) => void;
}

export interface RawServerOptions {
  key: HostKeyPair;
  strict: boolean;
  script?: RawScript;
  /** Signs in the place of `key`, which it does not own. */
  signer?: HostKeyPair;
  /** Default: OpenSSH's. */
  identification?: string;
  /** Offers this kind of host key, and shows these bytes as it. */
  shown?: { algorithm: string; blob: Buffer };
}

export type HostKeyPair = KeyPairKeyObjectResult;

/** One message of the client. */
export interface Received {
  type: number;
  encrypted: boolean;
}

export const newHostKey = (): HostKeyPair => generateKeyPairSync('ed25519');

/** The line of known_hosts and of option `hostKey.key`. */
export const publicLine = (key: HostKeyPair): string => `ssh-ed25519 ${blobOf(key).toString('base64')}`;

/** A string of RFC 4251: its length, then its bytes. */
export function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A message: its number, then strings, numbers (uint32) and booleans (one byte). */
export function payload(type: number, ...fields: Array<string | number | boolean>): Buffer {
  const encode = (value: string | number | boolean) => {
    if (typeof value === 'string') return field(value);
    return typeof value === 'number' ? uint32(value) : Buffer.from([Number(value)]);
  };
  return Buffer.concat([Buffer.from([type]), ...fields.map(encode)]);
}

export const blobOf = (key: HostKeyPair) => Buffer.concat([field('ssh-ed25519'), field(rawPublicKey(key))]);
const rawPublicKey = ({ publicKey }: KeyPairKeyObjectResult) =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);

/** How an X25519 key begins in DER. */
const x25519Prefix = Buffer.from('302a300506032b656e032100', 'hex');
const openSsh = 'SSH-2.0-OpenSSH_9.2p1';
const macLength = 32;

/**
 * A server on a bare socket that keeps to no rule but the script's: curve25519-sha256, ssh-ed25519, aes128-ctr,
 * hmac-sha2-256. It notes each message of the client, and whether that was encrypted.
 */
export class RawConnection {
  readonly received: Received[] = [];
  /** The types of what it has sent with `send`. */
  readonly sent: number[] = [];
  /** All that came before the client's NEWKEYS, and whatever followed it in plain text. */
  plain = '';
  /** The exchange hash of the first key exchange (RFC 4253 section 7.2). */
  sessionId: Buffer = Buffer.alloc(0);
  readonly #socket: Socket;
  readonly #options: RawServerOptions;
  readonly #keyInit: Buffer;
  #clientIdentification = '';
  #clientKeyInit: Buffer = Buffer.alloc(0);
  #buffer: Buffer = Buffer.alloc(0);
  #sequence = 0;
  #encrypt: ((packet: Buffer) => Buffer) | undefined;
  #keys: ((letter: string, length: number) => Buffer) | undefined;
  #decipher: Decipher | undefined;
  #head: Buffer | undefined;

  constructor(socket: Socket, options: RawServerOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#read(bytes));
    const kex = options.strict ? 'curve25519-sha256,kex-strict-s-v00@openssh.com' : 'curve25519-sha256';
    const lists = [
      kex,
      options.shown?.algorithm ?? 'ssh-ed25519',
      'aes128-ctr',
      'aes128-ctr',
      'hmac-sha2-256',
      'hmac-sha2-256',
    ];
    this.#keyInit = Buffer.concat([
      Buffer.from([20]),
      randomBytes(16),
      ...[...lists, 'none', 'none', '', ''].map(field),
      Buffer.alloc(5),
    ]);
    this.#write(Buffer.concat([Buffer.from(`${this.#identification}\r\n`), this.#packet(this.#keyInit)]));
  }

  get #identification(): string {
    return this.#options.identification ?? openSsh;
  }

  /** Begins a key exchange. */
  rekey(): void {
    this.send(this.#keyInit);
  }

  send(message: Buffer): void {
    this.sent.push(message[0] ?? 0);
    this.#write(this.#packet(message));
  }

  /** Closes the connection. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(bytes: Buffer): void {
    const { piece = bytes.length } = this.#options.script ?? {};
    for (let at = 0; at < bytes.length; at += piece) this.#socket.write(bytes.subarray(at, at + piece));
  }

  #packet(message: Buffer): Buffer {
    const block = this.#encrypt ? 16 : 8;
    let padding = block - ((5 + message.length) % block);
    if (padding < 4) padding += block;
    const length = uint32(1 + message.length + padding);
    const packet = Buffer.concat([length, Buffer.from([padding]), message, Buffer.alloc(padding)]);
    const bytes = this.#encrypt ? this.#encrypt(packet) : packet;
    this.#sequence++;
    return bytes;
  }

  #read(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    if (!this.#decipher) this.plain += bytes.toString('latin1');
    if (this.#clientIdentification === '' && !this.#readIdentification()) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#receive(Buffer.from(next));
  }

  #readIdentification(): boolean {
    const end = this.#buffer.indexOf('\r\n');
    if (end === -1) return false;
    this.#clientIdentification = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + 2);
    return true;
  }

  #next(): Buffer | undefined {
    return this.#decipher ? this.#nextEncrypted(this.#decipher) : this.#nextPlain();
  }

  #nextPlain(): Buffer | undefined {
    if (this.#buffer.length < 4) return undefined;
    const end = 4 + this.#buffer.readUInt32BE(0);
    if (this.#buffer.length < end) return undefined;
    const message = this.#buffer.subarray(5, end - (this.#buffer[4] ?? 0));
    this.#buffer = this.#buffer.subarray(end);
    return message;
  }

  #nextEncrypted(decipher: Decipher): Buffer | undefined {
    if (!this.#head) {
      if (this.#buffer.length < 16) return undefined;
      this.#head = decipher.update(this.#buffer.subarray(0, 16));
      this.#buffer = this.#buffer.subarray(16);
    }
    const rest = this.#head.readUInt32BE(0) - 12;
    if (this.#buffer.length < rest + macLength) return undefined;
    const packet = Buffer.concat([this.#head, decipher.update(this.#buffer.subarray(0, rest))]);
    this.#buffer = this.#buffer.subarray(rest + macLength);
    this.#head = undefined;
    return packet.subarray(5, packet.length - packet.readUInt8(4));
  }

  #receive(message: Buffer): void {
    const type = message[0] ?? 0;
    this.received.push({ type, encrypted: this.#decipher !== undefined });
    if (type === 20) this.#clientKeyInit = message;
    else if (type === 30 && this.#decipher && this.#options.script?.endlessRekey) return;
    else if (type === 30) this.#exchange(message.subarray(5));
    else if (type === 21 && this.#keys) {
      this.#decipher = createDecipheriv('aes-128-ctr', this.#keys('C', 16), this.#keys('A', 16));
    } else this.#options.script?.answer?.(this, message);
  }

  /** RFC 8731, RFC 5656 section 4. */
  #exchange(clientKey: Buffer): void {
    const { key, strict, signer = key } = this.#options;
    const blob = this.#options.shown?.blob ?? blobOf(key);
    const pair = generateKeyPairSync('x25519');
    const theirs = Buffer.concat([x25519Prefix, clientKey]);
    const publicKey = createPublicKey({ key: theirs, format: 'der', type: 'spki' });
    const secret = mpint(diffieHellman({ privateKey: pair.privateKey, publicKey }));
    const shown = [field(blob), field(clientKey), field(rawPublicKey(pair)), secret];
    const names = [this.#clientIdentification, this.#identification, this.#clientKeyInit, this.#keyInit];
    const hash = sha256(...names.map(field), ...shown);
    this.sessionId = hash;
    const keyOf = (letter: string, length: number) =>
      sha256(secret, hash, Buffer.from(letter), hash).subarray(0, length);
    const signature = Buffer.concat([field('ssh-ed25519'), field(sign(null, hash, signer.privateKey))]);
    const reply = [field(blob), field(rawPublicKey(pair)), field(signature)];
    this.#keys = keyOf;
    const packets = [this.#packet(Buffer.concat([Buffer.from([31]), ...reply]))];
    const { message, position } = this.#options.script ?? {};
    if (message && position === 'before') packets.push(this.#packet(message));
    packets.push(this.#packet(Buffer.from([21])));
    if (strict) this.#sequence = 0;
    this.#encrypt = encryption(keyOf, () => this.#sequence);
    this.#writeWithScript(packets);
  }

  #writeWithScript(packets: Buffer[]): void {
    const { message, position } = this.#options.script ?? {};
    const extra = message && position !== 'before' ? this.#packet(message) : Buffer.alloc(0);
    const half = position === 'glued' ? extra.length : position === 'split' ? extra.length >> 1 : 0;
    this.#write(Buffer.concat([...packets, extra.subarray(0, half)]));
    if (half < extra.length) setImmediate(() => this.#write(extra.subarray(half)));
  }
}

function encryption(keyOf: (letter: string, length: number) => Buffer, sequence: () => number) {
  const cipher = createCipheriv('aes-128-ctr', keyOf('D', 16), keyOf('B', 16));
  const macKey = keyOf('F', macLength);
  return (packet: Buffer) => {
    const mac = createHmac('sha256', macKey).update(uint32(sequence())).update(packet).digest();
    return Buffer.concat([cipher.update(packet), mac]);
  };
}

function sha256(...parts: Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** RFC 4251 section 5: no leading zeros, but one where the number would be negative. */
function mpint(number: Buffer): Buffer {
  const start = number.findIndex((byte) => byte !== 0);
  const bytes = number.subarray(start);
  return field((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

export interface RawServer extends Disposable {
  port: number;
  connections: readonly RawConnection[];
}

export async function startRawServer(options: RawServerOptions): Promise<RawServer> {
  const connections: RawConnection[] = [];
  const server = createServer({ noDelay: true }, (socket) =>
    connections.push(new RawConnection(socket, options)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    connections,
    [Symbol.dispose]: () => {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

/** Lets the client in, whatever it tries, and refuses what it opens: enough for a connect. */
export function friendlyAnswer(server: RawConnection, message: Buffer): void {
  if (message[0] === 5) server.send(payload(6, 'ssh-userauth'));
  if (message[0] === 50) server.send(payload(52));
  if (message[0] === 90) {
    const channel = message.readUInt32BE(5 + message.readUInt32BE(1));
    server.send(payload(92, channel, 2, 'nobody there', ''));
  }
}
