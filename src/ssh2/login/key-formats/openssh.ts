import { MalformedWireData, WireReader } from '../../../host-key/keys/wire-reader.ts';
import { wireString } from '../../../host-key/keys/wire-string.ts';
import { KeyProblem, passphraseBytes } from './errors.ts';

const begin = '-----BEGIN OPENSSH PRIVATE KEY-----';
const end = '-----END OPENSSH PRIVATE KEY-----';
const magic = 'openssh-key-v1\0';
/** For the ciphers that also authenticate the data. */
const tagBytes = 16;
/**
 * Each round takes some 30 ms and blocks everything else; ssh-keygen uses 16 to 24, and guides advise `-a 500` at most.
 */
const mostRounds = 1_000;

/** The outer structure of OpenSSH's format (PROTOCOL.key in its source). */
export interface Container {
  cipher: string;
  salt: Buffer;
  rounds: number;
  publicKey: Buffer;
  sealed: Buffer;
  tag: Buffer;
}

export function isOpenSsh(text: string): boolean {
  return text.includes(begin);
}

/**
 * Rewrites the part of OpenSSH's format that ssh2 cannot read, a key encrypted with chacha20-poly1305@openssh.com
 * (`ssh-keygen -Z`), so that it can. Everything else is returned unchanged.
 * @throws KeyProblem for a key that would take hours to decrypt; PassphraseProblem.
 */
export async function readableOpenSsh(
  text: string,
  passphrase: string | Buffer | undefined,
): Promise<string> {
  const container = open(text);
  // Damaged: ssh2 will report it.
  if (!container) return text;
  if (container.rounds > mostRounds) {
    const why = `whose passphrase takes ${container.rounds} rounds, more than ${mostRounds}`;
    throw new KeyProblem(`a key ${why} given; one with fewer (ssh-keygen -p -a 100 -f FILE) would be right`);
  }
  if (container.cipher !== 'chacha20-poly1305@openssh.com') return text;
  const secret = passphraseBytes(passphrase);
  const { unseal } = await import('./chacha20-poly1305.ts');
  return closed(container.publicKey, unseal(container, secret));
}

/** Whether the key inside is encrypted, as far as one can see. */
export function isSealed(text: string): boolean {
  const container = open(text);
  return container !== undefined && container.cipher !== 'none';
}

function open(text: string): Container | undefined {
  const [, base64 = ''] = text.split(begin, 2);
  const reader = new WireReader(Buffer.from(base64.split(end, 1)[0] ?? '', 'base64'));
  try {
    if (reader.take(magic.length).toString('latin1') !== magic) return undefined;
    const cipher = reader.text();
    reader.text(); // "bcrypt", or "none"
    const kdf = new WireReader(reader.string());
    const [salt, rounds] = kdf.atEnd ? [Buffer.alloc(0), 0] : [kdf.string(), kdf.uint32()];
    if (reader.uint32() !== 1) return undefined;
    const [publicKey, sealed] = [reader.string(), reader.string()];
    return {
      cipher,
      salt,
      rounds,
      publicKey,
      sealed,
      tag: reader.atEnd ? Buffer.alloc(0) : reader.take(tagBytes),
    };
  } catch (error) {
    if (error instanceof MalformedWireData) return undefined;
    throw error;
  }
}

/** The same format, unencrypted: it only ever exists in this process's memory. */
export function closed(publicKey: Buffer, privatePart: Buffer): string {
  const none = [wireString('none'), wireString('none'), wireString('')];
  const one = Buffer.from([0, 0, 0, 1]);
  const parts = [Buffer.from(magic), ...none, one, wireString(publicKey), wireString(privatePart)];
  const lines = Buffer.concat(parts)
    .toString('base64')
    .replace(/(.{70})/g, '$1\n');
  return `${begin}\n${lines}\n${end}\n`;
}
