import { sign } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { resolveKeyType } from '../../host-key/keys/public-key.ts';
import { mpintBytes, wireString } from '../../host-key/keys/wire-string.ts';
import { signingKey } from './signing-key.ts';

/** The hash of each signature algorithm; Ed25519 has its own. */
const hashes: Readonly<Record<string, string>> = {
  'rsa-sha2-512': 'sha512',
  'rsa-sha2-256': 'sha256',
  'ssh-rsa': 'sha1',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

/** The algorithms with which a key of this type signs, in order of preference (RFC 8332 for RSA). */
export function signatureAlgorithms(type: string): readonly string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type];
}

/** The name that a request with a certificate uses, such as `rsa-sha2-512-cert-v01@openssh.com` for `rsa-sha2-512`. */
export function certificateAlgorithm(algorithm: string): string {
  return `${algorithm.replace(/@openssh\.com$/, '')}-cert-v01@openssh.com`;
}

/**
 * The type of the key inside a blob: for a certificate, of the certified key. Unknown types are returned as they are.
 */
export function plainType(name: string): string {
  return resolveKeyType(name)?.type ?? name;
}

/** A whole signature (RFC 4253 section 6.6): the algorithm's name and the bytes in SSH's encoding. */
export function wholeSignature(key: ParsedKey, algorithm: string, data: Buffer): Buffer {
  const hash = hashes[algorithm] ?? null;
  const bytes = algorithm.startsWith('ecdsa-')
    ? numbersOf(sign(hash, data, { key: key.getPrivatePEM(), dsaEncoding: 'ieee-p1363' }))
    : sign(hash, data, signingKey(key));
  return Buffer.concat([wireString(Buffer.from(algorithm)), wireString(bytes)]);
}

/** Two numbers of equal length as two mpints (RFC 5656 section 3.1.2). */
function numbersOf(pair: Buffer): Buffer {
  const half = pair.length / 2;
  const [r, s] = [pair.subarray(0, half), pair.subarray(half)];
  return Buffer.concat([wireString(mpintBytes(r)), wireString(mpintBytes(s))]);
}
