import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import type { AgentKey } from './fake-agent.ts';

export interface SecurityKey extends AgentKey {
  /** As in authorized_keys. */
  line: string;
}

/**
 * A FIDO authenticator in software, as an agent shows it (OpenSSH's PROTOCOL.u2f): each signature says that somebody
 * touched it, and counts.
 */
export function securityKey(kind: 'ed25519' | 'ecdsa'): SecurityKey {
  const application = 'ssh:';
  const isEcdsa = kind === 'ecdsa';
  const pair = isEcdsa ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const type = isEcdsa ? 'sk-ecdsa-sha2-nistp256@openssh.com' : 'sk-ssh-ed25519@openssh.com';
  const { x = '', y = '' } = pair.publicKey.export({ format: 'jwk' });
  const [left, right] = [x, y].map((part) => Buffer.from(part, 'base64url'));
  const key = isEcdsa
    ? [wireString('nistp256'), wireString(Buffer.concat([Buffer.from([4]), left!, right!]))]
    : [wireString(left!)];
  const blob = Buffer.concat([wireString(type), ...key, wireString(application)]);
  let counter = 0;
  return {
    blob,
    line: `${type} ${blob.toString('base64')}`,
    sign: (data) => {
      const touched = Buffer.alloc(5);
      touched[0] = 1;
      touched.writeUInt32BE(++counter, 1);
      const signed = Buffer.concat([sha256(Buffer.from(application)), touched, sha256(data)]);
      const bytes = isEcdsa
        ? numbers(sign('sha256', signed, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }))
        : sign(null, signed, pair.privateKey);
      return Buffer.concat([wireString(type), wireString(bytes), touched]);
    },
  };
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function numbers(pair: Buffer): Buffer {
  const withZero = (part: Buffer) => wireString(Buffer.concat([Buffer.alloc(1), part]));
  // A zero byte in front of each is one too many for most numbers, and no fault where the highest bit is set.
  const exact = (part: Buffer) => {
    let start = 0;
    while (part[start] === 0) start += 1;
    const digits = part.subarray(start);
    return (digits[0] ?? 0) >= 0x80 ? withZero(digits) : wireString(digits);
  };
  return Buffer.concat([exact(pair.subarray(0, 32)), exact(pair.subarray(32))]);
}
