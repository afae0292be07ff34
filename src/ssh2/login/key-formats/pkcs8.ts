import { createPrivateKey, type KeyObject } from 'node:crypto';
import { wireString } from '../../../host-key/keys/wire-string.ts';
import { KeyProblem, PassphraseProblem, passphraseBytes, unusableKind } from './errors.ts';
import { closed } from './openssh.ts';

const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----';

export function isPkcs8(text: string): boolean {
  return text.includes(encrypted) || text.includes('-----BEGIN PRIVATE KEY-----');
}

/**
 * ssh2 reads private keys in PKCS#1, SEC1 and OpenSSH format, but not PKCS#8 (`BEGIN PRIVATE KEY`), which OpenSSL and
 * Node.js write. Rewrites one to a form that ssh2 reads.
 * @throws KeyProblem, PassphraseProblem, and what `crypto.createPrivateKey` throws for damaged keys.
 */
export function rewritePkcs8(text: string, passphrase: string | Buffer | undefined): string | Buffer {
  if (!text.includes(encrypted)) return readable(createPrivateKey(text.trim()));
  return readable(decrypted(text.trim(), passphraseBytes(passphrase)));
}

function decrypted(key: string, passphrase: Buffer): KeyObject {
  try {
    return createPrivateKey({ key, passphrase });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_OSSL_EVP_UNSUPPORTED') {
      throw new KeyProblem(
        'a key encrypted with a cipher that the crypto of this runtime does not have (DES, RC2) given; one encrypted with AES (openssl pkcs8 -topk8 -v2 aes256 -in FILE -out NEW, by an OpenSSL that reads it) would be right',
      );
    }
    if (!isWhole(key)) throw error;
    throw new PassphraseProblem('wrong');
  }
}

/** Whether the outer ASN.1 sequence is complete; its contents cannot be checked without the passphrase. */
function isWhole(text: string): boolean {
  const der = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
  const [tag, first = 0] = der;
  const more = first > 0x80 && first <= 0x84 ? first & 0x7f : 0;
  const length = more === 0 ? first : der.length > 1 + more ? der.readUIntBE(2, more) : -1;
  return tag === 0x30 && der.length === 2 + more + length;
}

/** A Node.js key in a form that ssh2 reads. @throws KeyProblem for a type that SSH does not have. */
export function readable(key: KeyObject): string | Buffer {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ format: 'pem', type: 'pkcs1' });
    case 'ec':
      return key.export({ format: 'pem', type: 'sec1' });
    case 'ed25519':
      return openSshEd25519(key);
    default:
      throw unusableKind(String(key.asymmetricKeyType));
  }
}

function openSshEd25519(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const publicPart = Buffer.from(x, 'base64url');
  const publicBlob = Buffer.concat([wireString('ssh-ed25519'), wireString(publicPart)]);
  const check = Buffer.alloc(8);
  const privatePart = Buffer.concat([
    check,
    publicBlob,
    wireString(Buffer.concat([Buffer.from(d, 'base64url'), publicPart])),
    wireString(''),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (privatePart.length % 8)) % 8 }, (_, at) => at + 1));
  return closed(publicBlob, Buffer.concat([privatePart, padding]));
}
