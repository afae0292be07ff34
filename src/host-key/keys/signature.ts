import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readKeyFields, resolveKeyType } from './public-key.ts';
import { MalformedWireData, WireReader } from './wire-reader.ts';

/** Hash and JWK name of each curve (RFC 5656), and the length of a coordinate in bytes. */
export const ecdsaCurves: Readonly<Record<string, { hash: string; crv: string; bytes: number }>> = {
  'ecdsa-sha2-nistp256': { hash: 'sha256', crv: 'P-256', bytes: 32 },
  'ecdsa-sha2-nistp384': { hash: 'sha384', crv: 'P-384', bytes: 48 },
  'ecdsa-sha2-nistp521': { hash: 'sha512', crv: 'P-521', bytes: 66 },
};

/** A Map, as the far side chooses the name. */
const rsaHashes: ReadonlyMap<string, string> = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
]);

/** The plain type underlying each type of security key (OpenSSH's PROTOCOL.u2f). */
const plainOfSecurityKey: Readonly<Record<string, string>> = {
  'sk-ssh-ed25519@openssh.com': 'ssh-ed25519',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'ecdsa-sha2-nistp256',
};

/**
 * Whether a signature in SSH's encoding (RFC 4253 section 6.6: algorithm, then bytes) over `data` was made with the
 * private half of a key. Always false for SHA-1 and DSA, as with OpenSSH's default CASignatureAlgorithms.
 */
export function isSignedBy(keyBlob: Buffer, signature: Buffer, data: Buffer): boolean {
  return verdict(keyBlob, signature, data) === true;
}

/** Whether it is certain that the key did not make the signature; false if this runtime cannot tell. */
export function isForged(keyBlob: Buffer, signature: Buffer, data: Buffer): boolean {
  return verdict(keyBlob, signature, data) === false;
}

/** Undefined if this runtime cannot check the signature, or we do not. */
function verdict(keyBlob: Buffer, signature: Buffer, data: Buffer): boolean | undefined {
  try {
    return check(new WireReader(keyBlob), new WireReader(signature), data);
  } catch (error) {
    if (error instanceof MalformedWireData) return false;
    throw error;
  }
}

function check(key: WireReader, signature: WireReader, data: Buffer): boolean | undefined {
  const type = resolveKeyType(key.text())?.type;
  if (type === undefined) return undefined;
  const algorithm = signature.text();
  const fields = readKeyFields(type, key);
  const bytes = signature.string();
  if (type === 'ssh-rsa') return signature.atEnd && checkRsa(fields, algorithm, bytes, data);
  if (algorithm !== type) return false;
  const plain = plainOfSecurityKey[type];
  if (plain === undefined) return signature.atEnd && checkCurve(type, fields, bytes, data);
  const flagsAndCounter = signature.take(5);
  if (!signature.atEnd) return false;
  const application = fields.at(-1) ?? Buffer.alloc(0);
  const signed = Buffer.concat([sha256(application), flagsAndCounter, sha256(data)]);
  return checkCurve(plain, fields, bytes, signed);
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function checkRsa(
  fields: readonly Buffer[],
  algorithm: string,
  bytes: Buffer,
  data: Buffer,
): boolean | undefined {
  const hash = rsaHashes.get(algorithm);
  const [e = Buffer.alloc(0), n = Buffer.alloc(0)] = fields;
  if (hash === undefined) return undefined;
  const jwk = { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
  const key = keyFrom(jwk);
  // Leading zero bytes may have been left out.
  const missing = Math.max(0, n.length - bytes.length);
  return key && verify(hash, data, key, Buffer.concat([Buffer.alloc(missing), bytes]));
}

function checkCurve(
  type: string,
  fields: readonly Buffer[],
  bytes: Buffer,
  data: Buffer,
): boolean | undefined {
  const [point = Buffer.alloc(0)] = fields;
  const curve = ecdsaCurves[type];
  if (curve === undefined) {
    const key = keyFrom({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') });
    return key && verify(null, data, key, bytes);
  }
  const { hash, crv, bytes: length } = curve;
  const [x, y] = [point.subarray(1, 1 + length), point.subarray(1 + length)];
  const key = keyFrom({ kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') });
  const pair = pairOf(bytes, length);
  if (key === undefined || pair === undefined) return key && false;
  return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, pair);
}

/** The two numbers of an ECDSA signature (RFC 5656 section 3.1.2), padded to full length. */
function pairOf(bytes: Buffer, length: number): Buffer | undefined {
  const reader = new WireReader(bytes);
  const numbers = [reader.mpint(), reader.mpint()];
  if (!reader.atEnd || numbers.some((number) => number.length > length)) return undefined;
  return Buffer.concat(
    numbers.map((number) => Buffer.concat([Buffer.alloc(length - number.length), number])),
  );
}

/** Undefined if the numbers are not a key that this runtime supports. */
function keyFrom(jwk: Record<string, string>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}
