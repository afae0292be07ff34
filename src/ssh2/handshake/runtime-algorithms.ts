import { generateKeyPairSync, getCiphers, getHashes } from 'node:crypto';
import { hybridKex } from '../insides/key-exchange/hybrid-kex.ts';
import { hasMlKem } from './ml-kem.ts';

/** OpenSSL's name of each cipher that ssh2 has, and of the hash of each MAC. */
const ciphers: Readonly<Record<string, string>> = {
  'aes128-gcm@openssh.com': 'aes-128-gcm',
  'aes256-gcm@openssh.com': 'aes-256-gcm',
  'aes128-gcm': 'aes-128-gcm',
  'aes256-gcm': 'aes-256-gcm',
  'aes128-ctr': 'aes-128-ctr',
  'aes192-ctr': 'aes-192-ctr',
  'aes256-ctr': 'aes-256-ctr',
  'chacha20-poly1305@openssh.com': 'chacha20',
  'aes128-cbc': 'aes-128-cbc',
  'aes192-cbc': 'aes-192-cbc',
  'aes256-cbc': 'aes-256-cbc',
  '3des-cbc': 'des-ede3-cbc',
  'blowfish-cbc': 'bf-cbc',
  'cast128-cbc': 'cast-cbc',
  arcfour: 'rc4',
  arcfour128: 'rc4',
  arcfour256: 'rc4',
};

const hashes: ReadonlyMap<RegExp, string> = new Map([
  [/^hmac-sha2-256/, 'sha256'],
  [/^hmac-sha2-512/, 'sha512'],
  [/^hmac-sha1/, 'sha1'],
  [/^hmac-md5/, 'md5'],
  [/^hmac-ripemd160/, 'ripemd160'],
]);

/**
 * Whether this runtime's crypto has what an algorithm needs: Bun and Electron (BoringSSL) lack the ChaCha20 that we
 * need, and FIPS builds lack more. ssh2 checks the same lists, and throws for what is missing.
 */
export function isInRuntime(name: string): boolean {
  const known = here.get(name);
  if (known !== undefined) return known;
  const found = isFound(name);
  here.set(name, found);
  return found;
}

/** Node's lists do not change either while a program runs, and each call copies them. */
const here = new Map<string, boolean>();

function isFound(name: string): boolean {
  if (name === hybridKex) return hasMlKem() && makesKeys('x25519');
  if (name.startsWith('curve25519-')) return makesKeys('x25519');
  if (name.startsWith('ssh-ed25519')) return makesKeys('ed25519');
  const cipher = ciphers[name];
  if (cipher !== undefined) return getCiphers().includes(cipher);
  const hash = [...hashes].find(([pattern]) => pattern.test(name))?.[1];
  return hash === undefined || getHashes().includes(hash);
}

const made = new Map<string, boolean>();

/** No list names the curves: FIPS modules such as Red Hat's have no Curve25519. */
function makesKeys(kind: 'x25519' | 'ed25519'): boolean {
  const known = made.get(kind);
  if (known !== undefined) return known;
  let works = true;
  try {
    generateKeyPairSync(kind as 'x25519');
  } catch {
    works = false;
  }
  made.set(kind, works);
  return works;
}
