import { createDecipheriv, getCiphers, timingSafeEqual } from 'node:crypto';
import { loadBcrypt } from '../../../load/on-demand.ts';
import { KeyProblem, PassphraseProblem } from './errors.ts';
import type { Container } from './openssh.ts';

/**
 * OpenSSH's PROTOCOL.chacha20poly1305 with packet number 0 and no encrypted length; the second of the keys is unused.
 */
export function unseal({ salt, rounds, sealed, tag }: Container, passphrase: Buffer): Buffer {
  if (!getCiphers().includes('chacha20')) {
    throw new KeyProblem(
      'a key encrypted with chacha20-poly1305@openssh.com given, which the crypto of this runtime cannot read; one encrypted with aes256-ctr (ssh-keygen -p -Z aes256-ctr -f FILE) would be right',
    );
  }
  const key = Buffer.alloc(64);
  loadBcrypt().pbkdf(passphrase, passphrase.length, salt, salt.length, key, key.length, rounds);
  const mac = poly1305(chacha20(key, 0, Buffer.alloc(32)), sealed);
  if (tag.length !== mac.length || !timingSafeEqual(mac, tag)) throw new PassphraseProblem('wrong');
  return chacha20(key, 1, sealed);
}

function chacha20(key: Buffer, block: number, data: Buffer): Buffer {
  const start = Buffer.alloc(16);
  start[0] = block;
  return createDecipheriv('chacha20', key.subarray(0, 32), start).update(data);
}

const modulus = (1n << 130n) - 5n;

/** The authenticator of RFC 8439 section 2.5. A key file is read once, so plain BigInt arithmetic is fast enough. */
export function poly1305(key: Buffer, message: Buffer): Buffer {
  const r = fromLittleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + fromLittleEndian(block) + (1n << BigInt(8 * block.length))) * r) % modulus;
  }
  const tag = (sum + fromLittleEndian(key.subarray(16, 32))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

function fromLittleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
}
