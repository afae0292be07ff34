import crypto, { type KeyObject } from 'node:crypto';
import type { KemKeys } from '../insides/key-exchange/hybrid-kex.ts';

/** In Node.js since 24.7; the types are older. */
interface WithMlKem {
  decapsulate?(privateKey: KeyObject, ciphertext: Buffer): Buffer;
  generateKeyPairSync(type: 'ml-kem-768'): { publicKey: KeyObject; privateKey: KeyObject };
}

/** FIPS 203, table 3. These bytes are the end of the DER encoding that OpenSSL exports. */
const publicKeyLength = 1_184;

let hasIt: boolean | undefined;

/** Whether this runtime's crypto has ML-KEM-768: Node from 24.7, with OpenSSL from 3.5. */
export function hasMlKem(): boolean {
  hasIt ??= tryOnce();
  return hasIt;
}

/** @throws Error where this runtime has none. */
export function mlKemKeys(): KemKeys {
  const { decapsulate, generateKeyPairSync } = crypto as unknown as Required<WithMlKem>;
  const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-publicKeyLength),
    decapsulate: (ciphertext) => decapsulate(privateKey, ciphertext),
  };
}

/** The functions alone prove nothing: BoringSSL and FIPS builds have them without having every algorithm. */
function tryOnce(): boolean {
  if (typeof (crypto as unknown as WithMlKem).decapsulate !== 'function') return false;
  try {
    return mlKemKeys().publicKey.length === publicKeyLength;
  } catch {
    return false;
  }
}
