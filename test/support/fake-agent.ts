import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';

export interface FakeAgentOptions {
  /** Private keys that it holds. */
  keys?: readonly string[];
  /** What else it holds, and how that signs: certificates, security keys. */
  others?: readonly AgentKey[];
  /** `identities`: never answers; `sign`: lists its keys and never signs; `fail`: refuses to sign. */
  fault?: 'identities' | 'sign' | 'fail';
  /** What is sent instead of its answer to a signing request; `end`: the connection ends. */
  signs?: ((honest: Buffer) => Buffer | 'end') | undefined;
  /** The same for the list of its keys. */
  lists?: ((honest: Buffer) => Buffer | 'end') | undefined;
  /** An answer that comes so many milliseconds later. */
  late?: { step: 'lists' | 'signs'; ms: number } | undefined;
}

/** An SSH agent of our own behind a Unix socket (draft-miller-ssh-agent). */
export interface FakeAgent extends AsyncDisposable {
  readonly path: string;
  /** Fingerprints of nothing: how often each request came. */
  readonly asked: { identities: number; sign: number };
  readonly connections: number;
}

const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const failure = 5;
/** Flags of a sign request. */
const hashes: Record<number, [string, string]> = {
  2: ['rsa-sha2-256', 'sha256'],
  4: ['rsa-sha2-512', 'sha512'],
};

/** A key that only the agent understands. */
export interface AgentKey {
  blob: Buffer;
  /** Gives the whole signature. */
  sign(data: Buffer): Buffer;
}

export async function fakeAgent({
  keys = [],
  others = [],
  fault,
  signs = (honest) => honest,
  lists = (honest) => honest,
  late,
}: FakeAgentOptions = {}): Promise<FakeAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'svg-agent-'));
  const path = join(folder, 'agent.sock');
  const parsed = keys.map(parse);
  const asked = { identities: 0, sign: 0 };
  const sockets = new Set<Socket>();
  const answer = (message: Buffer): Buffer | 'end' | undefined => {
    if (message[0] === requestIdentities) {
      asked.identities++;
      const blobs = [...parsed.map((key) => key.getPublicSSH()), ...others.map(({ blob }) => blob)];
      return fault === 'identities' ? undefined : lists(listOf(blobs));
    }
    if (message[0] !== signRequest) return Buffer.from([failure]);
    asked.sign++;
    if (fault === 'sign') return undefined;
    return fault === 'fail' ? Buffer.from([failure]) : signs(signed(message, parsed, others));
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
        const end = 4 + received.readUInt32BE(0);
        const step = received[4] === signRequest ? 'signs' : 'lists';
        const reply = answer(received.subarray(4, end));
        received = received.subarray(end);
        if (reply === 'end') socket.destroy();
        else if (reply && step !== late?.step) socket.write(field(reply));
        else if (reply) setTimeout(() => socket.destroyed || socket.write(field(reply)), late?.ms);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    asked,
    get connections() {
      return sockets.size;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function parse(privateKey: string): ParsedKey {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return Array.isArray(key) ? key[0] : key;
}

function listOf(blobs: readonly Buffer[]): Buffer {
  const entries = blobs.flatMap((blob) => [field(blob), field('comment')]);
  return Buffer.concat([Buffer.from([identitiesAnswer]), number(blobs.length), ...entries]);
}

function signed(message: Buffer, keys: readonly ParsedKey[], others: readonly AgentKey[]): Buffer {
  const blobEnd = 5 + message.readUInt32BE(1);
  const blob = message.subarray(5, blobEnd);
  const dataEnd = blobEnd + 4 + message.readUInt32BE(blobEnd);
  const data = message.subarray(blobEnd + 4, dataEnd);
  const other = others.find((one) => one.blob.equals(blob));
  if (other) return Buffer.concat([Buffer.from([signResponse]), field(other.sign(data))]);
  const [algorithm, hash] = hashes[message.readUInt32BE(dataEnd)] ?? [];
  const key = keys.find((one) => one.getPublicSSH().equals(blob));
  if (!key) return Buffer.from([failure]);
  const signature = key.sign(data, hash);
  const body = Buffer.concat([field(algorithm ?? key.type), field(sshForm(key, signature))]);
  return Buffer.concat([Buffer.from([signResponse]), field(body)]);
}

/** ssh2 gives ECDSA signatures in DER; SSH wants two numbers (RFC 5656 section 3.1.2). */
function sshForm(key: ParsedKey, signature: Buffer): Buffer {
  if (!key.type.startsWith('ecdsa')) return signature;
  const rLength = signature[3] ?? 0;
  const r = signature.subarray(4, 4 + rLength);
  return Buffer.concat([field(r), field(signature.subarray(6 + rLength))]);
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
