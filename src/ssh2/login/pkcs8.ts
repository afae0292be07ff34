import { createPrivateKey, type KeyObject } from 'node:crypto';
import { wireString } from '../../host-key/wire-string.ts';

/**
 * ssh2 reads PKCS#1, SEC1 and OpenSSH private keys, but not PKCS#8 (`BEGIN PRIVATE KEY`), which is what OpenSSL and
 * Node write. This rewrites one as a form that ssh2 reads.
 * @throws what `crypto.createPrivateKey` throws: a wrong passphrase, damage.
 */
export function rewritePkcs8(text: string, passphrase: string | Buffer | undefined): string | Buffer {
  const key = createPrivateKey({ key: text.trim(), ...(passphrase === undefined ? {} : { passphrase }) });
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ format: 'pem', type: 'pkcs1' });
    case 'ec':
      return key.export({ format: 'pem', type: 'sec1' });
    case 'ed25519':
      return openSshEd25519(key);
    default:
      throw new TypeError(`keys of type ${key.asymmetricKeyType} are not used in SSH`);
  }
}

/** OpenSSH's own format (PROTOCOL.key in its source), unencrypted: only ever in this process's memory. */
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
  const none = [wireString('none'), wireString('none'), wireString('')];
  const one = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...none,
    one,
    wireString(publicBlob),
    wireString(Buffer.concat([privatePart, padding])),
  ]);
  const lines = blob.toString('base64').replace(/(.{70})/g, '$1\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
