import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { isOutOfFiles } from '../../errors/own-limits.ts';
import { MalformedWireData, WireReader } from '../../host-key/keys/wire-reader.ts';
import { wireString } from '../../host-key/keys/wire-string.ts';
import { onAbort } from '../../time/on-abort.ts';
import { ssh2 } from '../insides/client-parts.ts';

/** Messages of draft-miller-ssh-agent. */
const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const flagsOf: Readonly<Record<string, number>> = { 'rsa-sha2-256': 2, 'rsa-sha2-512': 4 };

/** Same as OpenSSH's MAX_AGENT_REPLY_LEN and MAX_AGENT_IDENTITIES. */
const maxReply = 256 * 1024;
const maxKeys = 2_048;
/** More than any key's; a signature too long for a packet would end the connection. */
const maxSignature = 16 * 1024;

/** There is no agent to ask. */
export class AgentUnreachable extends Error {}

/** Too many files are open to ask it; `cause` is the system's error. */
export class AgentOutOfFiles extends Error {
  declare readonly cause: NodeJS.ErrnoException;
}

type GetStream = (callback: (error?: Error | null, stream?: Duplex) => void) => void;

/**
 * An SSH agent, asked for its keys and for signatures. Keys are bytes that only the agent has to understand: ssh2's own
 * client drops the kinds that it does not know (security keys, certificates), and part of their signatures. Each
 * request uses a stream of its own, which ends with `signal`.
 */
export class AgentClient {
  readonly #path: string;
  readonly #signal: AbortSignal;
  #asked = 0;

  /** @param path Path of a socket or named pipe, or `pageant`. */
  constructor(path: string, signal: AbortSignal) {
    this.#path = path;
    this.#signal = signal;
  }

  /** The public keys and certificates that the agent holds. */
  async keys(): Promise<Buffer[]> {
    const reply = await this.#ask(Buffer.from([requestIdentities]), identitiesAnswer);
    const count = reply.uint32();
    if (count > maxKeys) throw new MalformedWireData(`names ${count} keys`);
    return Array.from({ length: count }, () => {
      const blob = reply.string();
      reply.string(); // comment
      return blob;
    });
  }

  /**
   * A whole signature with the key of `blob`.
   * @param algorithm The algorithm to sign with; a signature with another one is rejected.
   */
  async sign(blob: Buffer, algorithm: string, data: Buffer): Promise<Buffer> {
    const flags = Buffer.alloc(4);
    flags.writeUInt32BE(flagsOf[algorithm] ?? 0);
    const request = Buffer.concat([Buffer.from([signRequest]), wireString(blob), wireString(data), flags]);
    const signature = (await this.#ask(request, signResponse)).string();
    const used = new WireReader(signature).text();
    if (used !== algorithm) throw new Error(`it signs with ${used} instead of ${algorithm}`);
    if (signature.length > maxSignature) throw new Error(`its signature has ${signature.length} bytes`);
    return signature;
  }

  /** Whether an answer is pending. */
  get isAsked(): boolean {
    return this.#asked > 0;
  }

  async #ask(request: Buffer, wanted: number): Promise<WireReader> {
    this.#asked++;
    try {
      return await this.#askOnce(request, wanted);
    } finally {
      this.#asked--;
    }
  }

  async #askOnce(request: Buffer, wanted: number): Promise<WireReader> {
    const stream = await this.#connect();
    const unfollow = onAbort(this.#signal, () => stream.destroy());
    try {
      if (this.#signal.aborted) throw this.#signal.reason;
      stream.write(wireString(request));
      const reply = await replyFrom(stream);
      if (reply[0] !== wanted) throw new Error('it refused');
      return new WireReader(reply.subarray(1));
    } finally {
      unfollow();
      stream.destroy();
    }
  }

  #connect(): Promise<Duplex> {
    const agent = ssh2.createAgent(this.#path) as unknown as { getStream?: GetStream };
    return new Promise((resolve, reject) => {
      if (typeof agent.getStream !== 'function')
        return reject(new AgentUnreachable('this kind of agent is not known'));
      agent.getStream((error, stream) => {
        if (stream) resolve(stream);
        else connectAgain(this.#path, error).then(resolve, reject);
      });
    });
  }
}

/** Of a socket, ssh2 only says that it failed; the system says more, unless it works now. */
async function connectAgain(path: string, failed: unknown): Promise<Duplex> {
  const said = failed instanceof Error ? failed.message : String(failed);
  const unreachable = (why: string) => new AgentUnreachable(why, { cause: failed });
  if (process.platform === 'win32' || path === 'pageant') throw unreachable(said);
  const found = await stat(path).catch(({ code }: NodeJS.ErrnoException) => {
    throw unreachable(code === 'ENOENT' ? 'its socket does not exist' : said);
  });
  if (!found.isSocket()) throw unreachable('its path is no socket');
  const socket = connect(path);
  try {
    // A Unix socket answers at once.
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    throw isOutOfFiles(cause)
      ? new AgentOutOfFiles(cause.message, { cause })
      : unreachable('nobody listens at its socket');
  }
}

/** One message: its length, then its bytes. */
function replyFrom(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let received = 0;
    /** How many bytes are needed before more can be known. */
    let needed = 4;
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      received += part.length;
      if (received < needed) return;
      const all = Buffer.concat(parts.splice(0));
      parts.push(all);
      const length = all.readUInt32BE(0);
      needed = 4 + length;
      if (length === 0 || length > maxReply) reject(new Error('it sends what is no answer'));
      else if (received >= needed) resolve(all.subarray(4, needed));
    });
    const ended = () => reject(new Error('it ended the connection'));
    stream.on('error', ended).on('end', ended).on('close', ended);
  });
}
