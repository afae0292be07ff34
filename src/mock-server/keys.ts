import { createHash, generateKeyPairSync } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { wrongAs } from '../check/wrong.ts';
import { loadSsh2 } from './load-ssh2.ts';
import { string, uint32, uint64 } from './sftp/wire.ts';
import type { MockHostKey, MockKeyPair } from './types.ts';

// Created once for each purpose: tests start thousands of servers.
const made = new Map<string, MockKeyPair>();

/** An ed25519 key pair for `purpose`, the same one for the life of the process. */
export function generatedKey(purpose: string): MockKeyPair {
  let pair = made.get(purpose);
  if (!pair) {
    pair = generateKey(purpose);
    made.set(purpose, pair);
  }
  return pair;
}

/** In OpenSSH's format (PROTOCOL.key). ssh2's generator makes one in several hundred that nobody can read. */
function generateKey(comment: string): MockKeyPair {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [point, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const publicPart = Buffer.concat([string('ssh-ed25519'), string(point)]);
  const secret = [string(Buffer.concat([seed, point])), string(comment)];
  const privatePart = Buffer.concat([uint64(0), publicPart, ...secret]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, -privatePart.length & 7);
  const whole = Buffer.concat([
    ...[Buffer.from('openssh-key-v1\0'), string('none'), string('none'), string(''), uint32(1)],
    ...[string(publicPart), string(Buffer.concat([privatePart, padding]))],
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: [
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      ...lines,
      '-----END OPENSSH PRIVATE KEY-----',
      '',
    ].join('\n'),
    publicKey: `ssh-ed25519 ${publicPart.toString('base64')} ${comment}`,
  };
}

/** Parses a key in any format that ssh2 knows; throws a TypeError that names the option. */
export function parseKey(key: string | Buffer, option: string): ParsedKey {
  const parsed = loadSsh2().utils.parseKey(key);
  const first = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first instanceof Error || !first)
    throw wrongAs(option, 'what is no key', 'one in PEM or OpenSSH format');
  return first;
}

/** A host key as it appears in known_hosts and in the output of `ssh-keygen -l`. */
export function describeHostKey(key: ParsedKey): MockHostKey {
  const blob = key.getPublicSSH();
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return { publicKey: `${key.type} ${blob.toString('base64')}`, fingerprint: `SHA256:${hash}` };
}
