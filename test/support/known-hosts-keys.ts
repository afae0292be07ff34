import { generateKeyPairSync, type KeyObject } from 'node:crypto';

// Host keys made at run time, in SSH wire format: no key is stored in the repository.

/** A string in SSH wire format: its length, then its bytes. */
export function wireString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as Buffer);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A non-negative integer in SSH wire format. */
export function wireMpint(bytes: Buffer): Buffer {
  return wireString(bytes[0]! & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

export function wire(...parts: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(parts.map((part) => wireString(part)));
}

function jwkBytes(key: KeyObject, field: 'x' | 'y' | 'n' | 'e'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[field]!, 'base64url');
}

export function ed25519Blob(): Buffer {
  return wire('ssh-ed25519', jwkBytes(generateKeyPairSync('ed25519').publicKey, 'x'));
}

export function ecdsaBlob(bits: 256 | 384 | 521 = 256): Buffer {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: `P-${bits}` });
  const point = Buffer.concat([Buffer.of(4), jwkBytes(publicKey, 'x'), jwkBytes(publicKey, 'y')]);
  return wire(`ecdsa-sha2-nistp${bits}`, `nistp${bits}`, point);
}

export function rsaBlob(modulusLength = 2048): Buffer {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const numbers = [wireMpint(jwkBytes(publicKey, 'e')), wireMpint(jwkBytes(publicKey, 'n'))];
  return Buffer.concat([wireString('ssh-rsa'), ...numbers]);
}

/** A host certificate for an Ed25519 key, with a signature that nobody gave. */
export function certificateBlob(ed25519: Buffer, authority: Buffer): Buffer {
  return Buffer.concat([
    wire('ssh-ed25519-cert-v01@openssh.com', Buffer.alloc(32, 7)),
    ed25519.subarray(wireString('ssh-ed25519').length),
    Buffer.alloc(8), // serial
    Buffer.of(0, 0, 0, 2), // a host certificate
    wire('id', ''),
    Buffer.alloc(16, 0xff), // validity
    wire('', '', '', authority, wire('ssh-ed25519', Buffer.alloc(64))),
  ]);
}

/** The key as text: `ssh-ed25519 AAAA…`. */
export function keyText(blob: Buffer): string {
  const end = 4 + blob.readUInt32BE(0);
  return `${blob.toString('latin1', 4, end)} ${blob.toString('base64')}`;
}
