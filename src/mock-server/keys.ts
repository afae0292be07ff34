import { createHash } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { wrongAs } from '../check/wrong.ts';
import { loadSsh2 } from './load-ssh2.ts';
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

/** About one in several hundred keys that ssh2 generates is one that ssh2 cannot read. */
function generateKey(comment: string): MockKeyPair {
  const { utils } = loadSsh2();
  for (;;) {
    const { private: privateKey, public: publicKey } = utils.generateKeyPairSync('ed25519', { comment });
    if (!(utils.parseKey(privateKey) instanceof Error)) return { privateKey, publicKey };
  }
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
