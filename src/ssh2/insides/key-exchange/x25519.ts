import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import type { Client } from 'ssh2';
import { mpintBytes } from '../../../host-key/keys/wire-string.ts';
import { passInbound, stopPassing } from '../messages/packets.ts';
import { serves } from '../registry/look.ts';
import { type KeyExchange, keyExchangeOf } from './key-exchange.ts';

/** SSH_MSG_KEX_ECDH_REPLY (RFC 5656 section 4), with the server's key. */
const reply = 31;
const keyLength = 32;

interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/**
 * Takes the keys of the first exchange by X25519 as bytes, where ssh2 goes through DER. What the runtime does not take,
 * or finds wrong, is left to ssh2.
 */
export function exchangeBytes(client: Client): void {
  if (!serves(client, 'X25519')) return;
  const pass = (payload: Buffer) => {
    if (payload[0] !== reply) return payload;
    stopPassing(client, pass);
    const kex = keyExchangeOf(client);
    if (kex?.type === '25519' && !isChanged(kex)) teach(kex);
    return payload;
  };
  passInbound(client, pass);
}

/** By an exchange that ssh2 does not know, or a host certificate. */
function isChanged(kex: KeyExchange): boolean {
  return Object.hasOwn(kex, 'getPublicKey') || Object.hasOwn(kex, 'computeSecret');
}

function teach(kex: KeyExchange): void {
  const { getPublicKey, computeSecret } = kex;
  const { publicKey, privateKey } = kex._keys as KeyPair;
  kex.getPublicKey = () => bytesOf(publicKey) ?? getPublicKey.call(kex);
  kex.computeSecret = (theirs) => secretOf(privateKey, theirs) ?? computeSecret.call(kex, theirs);
}

function bytesOf(publicKey: KeyObject): Buffer | undefined {
  try {
    const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    return bytes.length === keyLength ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function secretOf(privateKey: KeyObject, theirs: Buffer): Buffer | Error | undefined {
  if (theirs.length !== keyLength) return undefined;
  try {
    const x = theirs.toString('base64url');
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
    const secret = diffieHellman({ privateKey, publicKey });
    // Node refuses what leads to it, Deno does not.
    return secret.every((byte) => byte === 0)
      ? new Error('the secret is zero (RFC 8731 section 3)')
      : mpintBytes(secret);
  } catch {
    return undefined;
  }
}
