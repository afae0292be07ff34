import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  type JsonWebKey,
  timingSafeEqual,
} from 'node:crypto';
import { ecdsaCurves } from '../../../host-key/keys/signature.ts';
import { MalformedWireData, WireReader } from '../../../host-key/keys/wire-reader.ts';
import { wireString } from '../../../host-key/keys/wire-string.ts';
import { printable } from '../../../text/printable.ts';
import { type Argon2Cost, argon2 } from './argon2.ts';
import { KeyProblem, PassphraseProblem, passphraseBytes, unusableKind } from './errors.ts';
import { readable } from './pkcs8.ts';

/** A PuTTY private key file, version 2 or 3 (PuTTY's manual, appendix C). */
interface Ppk {
  version: 2 | 3;
  type: string;
  isEncrypted: boolean;
  comment: string;
  publicKey: Buffer;
  /** Absent without a passphrase, and in version 2. */
  cost: Argon2Cost | undefined;
  privateKey: Buffer;
  mac: Buffer;
}

/**
 * The key of a PPK file in a form that ssh2 reads.
 * @throws KeyProblem, PassphraseProblem.
 */
export async function readPpk(
  text: string,
  passphrase: string | Buffer | undefined,
): Promise<string | Buffer> {
  const ppk = parse(text);
  const secrets = ppk.isEncrypted ? await derive(ppk, passphraseBytes(passphrase)) : plainSecrets(ppk);
  const plain = ppk.isEncrypted ? decrypt(ppk, secrets) : ppk.privateKey;
  if (!isAuthentic(ppk, plain, secrets.macKey)) {
    if (ppk.isEncrypted) throw new PassphraseProblem('wrong');
    throw damaged();
  }
  try {
    return readable(createPrivateKey({ key: jwkOf(ppk, new WireReader(plain)), format: 'jwk' }));
  } catch (error) {
    throw error instanceof KeyProblem ? error : damaged();
  }
}

function damaged(): KeyProblem {
  return new KeyProblem('a PPK key that is damaged given; the whole file would be right');
}

function otherwise(what: string): KeyProblem {
  return new KeyProblem(
    `${what} given, which cannot be read here; its key in OpenSSH's format (puttygen key.ppk -O private-openssh-new -o key) would be right`,
  );
}

function parse(text: string): Ppk {
  const lines = text.split(/\r\n|\r|\n/);
  const next = (name: string): string => {
    const line = lines.shift() ?? '';
    if (!line.startsWith(`${name}: `)) throw damaged();
    return line.slice(name.length + 2);
  };
  const blob = (name: string): Buffer => {
    const count = Number(next(`${name}-Lines`));
    if (!Number.isInteger(count) || count < 1 || count > lines.length) throw damaged();
    return Buffer.from(lines.splice(0, count).join(''), 'base64');
  };
  const [, version = ''] = /^PuTTY-User-Key-File-(\d+): /.exec(lines[0] ?? '') ?? [];
  if (version !== '2' && version !== '3') throw otherwise(`a PPK key of version ${version || 'unknown'}`);
  const type = next(`PuTTY-User-Key-File-${version}`);
  if (type !== 'ssh-rsa' && type !== 'ssh-ed25519' && !ecdsaCurves[type])
    throw unusableKind(printable(type, 40));
  const encryption = next('Encryption');
  if (encryption !== 'none' && encryption !== 'aes256-cbc') {
    throw otherwise(`a PPK key encrypted with ${printable(encryption, 40)}`);
  }
  const isEncrypted = encryption !== 'none';
  const comment = next('Comment');
  const publicKey = blob('Public');
  const cost = version === '3' && isEncrypted ? costIn(next) : undefined;
  const privateKey = blob('Private');
  const mac = Buffer.from(next('Private-MAC'), 'hex');
  return { version: version === '2' ? 2 : 3, type, isEncrypted, comment, publicKey, cost, privateKey, mac };
}

/**
 * The most that a file may demand of the machine that reads it; PuTTY writes 8 MiB and as many passes as take 100 ms.
 */
const mostMemory = 1024 * 1024;
const mostWork = 4 * mostMemory;

function costIn(next: (name: string) => string): Argon2Cost {
  const algorithm = next('Key-Derivation').toLowerCase();
  const number = (name: string) => Number(next(name));
  const memory = number('Argon2-Memory');
  const passes = number('Argon2-Passes');
  const parallelism = number('Argon2-Parallelism');
  const salt = Buffer.from(next('Argon2-Salt'), 'hex');
  if (algorithm !== 'argon2id' && algorithm !== 'argon2i' && algorithm !== 'argon2d') throw damaged();
  if (![memory, passes, parallelism].every((value) => Number.isSafeInteger(value) && value > 0))
    throw damaged();
  if (memory > mostMemory || memory * passes > mostWork || parallelism > 255) {
    throw otherwise(`a PPK key whose passphrase takes ${memory} KiB and ${passes} passes of Argon2`);
  }
  return { algorithm, memory, passes, parallelism, salt };
}

interface Secrets {
  key: Buffer;
  iv: Buffer;
  macKey: Buffer;
}

const sha1 = (...parts: Array<string | Buffer>) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest();

const macKey2 = 'putty-private-key-file-mac-key';

function plainSecrets({ version }: Ppk): Secrets {
  const none = Buffer.alloc(0);
  return { key: none, iv: none, macKey: version === 2 ? sha1(macKey2) : none };
}

async function derive({ cost }: Ppk, passphrase: Buffer): Promise<Secrets> {
  if (cost) {
    const bytes = await argon2(passphrase, cost, 80);
    return { key: bytes.subarray(0, 32), iv: bytes.subarray(32, 48), macKey: bytes.subarray(48) };
  }
  const halves = [0, 1].map((number) => sha1(Buffer.from([0, 0, 0, number]), passphrase));
  const key = Buffer.concat(halves).subarray(0, 32);
  return { key, iv: Buffer.alloc(16), macKey: sha1(macKey2, passphrase) };
}

function decrypt({ privateKey }: Ppk, { key, iv }: Secrets): Buffer {
  if (privateKey.length % 16 !== 0) throw damaged();
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([decipher.update(privateKey), decipher.final()]);
}

function isAuthentic(ppk: Ppk, plain: Buffer, macKey: Buffer): boolean {
  const { version, type, isEncrypted, comment, publicKey, mac } = ppk;
  const parts = [type, isEncrypted ? 'aes256-cbc' : 'none', comment, publicKey, plain];
  const right = createHmac(version === 2 ? 'sha1' : 'sha256', macKey)
    .update(Buffer.concat(parts.map(wireString)))
    .digest();
  return mac.length === right.length && timingSafeEqual(mac, right);
}

/** @throws MalformedWireData if the fields do not match the type. */
function jwkOf({ type, publicKey }: Ppk, secret: WireReader): JsonWebKey {
  const open = new WireReader(publicKey);
  if (open.text() !== type) throw new MalformedWireData('is of another type');
  if (type === 'ssh-rsa') return rsaOf(open, secret);
  if (type === 'ssh-ed25519') {
    // A little-endian number without its leading zeros.
    const seed = Buffer.concat([secret.string(), Buffer.alloc(32)]).subarray(0, 32);
    return { kty: 'OKP', crv: 'Ed25519', x: text(open.string()), d: text(seed) };
  }
  const curve = ecdsaCurves[type];
  if (!curve) throw new MalformedWireData('is of an unknown type');
  open.string();
  const point = open.string().subarray(1);
  const d = secret.mpint();
  const missing = Buffer.alloc(Math.max(0, curve.bytes - d.length));
  const [x, y] = [point.subarray(0, curve.bytes), point.subarray(curve.bytes)];
  return { kty: 'EC', crv: curve.crv, x: text(x), y: text(y), d: text(Buffer.concat([missing, d])) };
}

function rsaOf(open: WireReader, secret: WireReader): JsonWebKey {
  const [e, n] = [open.mpint(), open.mpint()];
  const [d, p, q, qi] = [secret.mpint(), secret.mpint(), secret.mpint(), secret.mpint()];
  const number = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex') || '0'}`);
  const rest = (prime: Buffer) => {
    const hex = (number(d) % (number(prime) - 1n)).toString(16);
    return text(Buffer.from(hex.padStart(prime.length * 2, '0'), 'hex'));
  };
  const parts = { n, e, d, p, q, qi };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, text(bytes)]));
  return { kty: 'RSA', ...jwk, dp: rest(p), dq: rest(q) };
}

function text(bytes: Buffer): string {
  return bytes.toString('base64url');
}
