import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { KemKeys } from '../../src/ssh2/insides/key-exchange/hybrid-kex.ts';

/** ML-KEM-768 of a library, where Node has none (before 24.7). @param seed 64 bytes; default: random. */
export function nobleKeys(seed?: Uint8Array): KemKeys {
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  return {
    publicKey: Buffer.from(publicKey),
    decapsulate: (ciphertext) => Buffer.from(ml_kem768.decapsulate(ciphertext, secretKey)),
  };
}

/** What the server does with the client's key. */
export function encapsulate(publicKey: Uint8Array): { ciphertext: Buffer; secret: Buffer } {
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey);
  return { ciphertext: Buffer.from(cipherText), secret: Buffer.from(sharedSecret) };
}
