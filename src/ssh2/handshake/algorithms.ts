import { wrongRange } from '../../options/check.ts';
import type { Algorithms } from '../../options/types.ts';

type Category = keyof Algorithms;

/**
 * Offered by default, most wanted first. Left out of ssh2's own defaults: SHA-1 in every role, and
 * diffie-hellman-group-exchange, with which a server can block this process's event loop for most of a minute.
 */
const offered = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group15-sha512',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group17-sha512',
    'diffie-hellman-group18-sha512',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  // AES-GCM costs the least in Node, chacha20 the most.
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} satisfies Record<Category, readonly string[]>;

/** What ssh2 1.17 can do beyond that, when asked for by name. */
const possible = {
  kex: [
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ],
  serverHostKey: ['ssh-rsa', 'ssh-dss'],
  cipher: [
    'aes128-gcm',
    'aes256-gcm',
    'aes256-cbc',
    'aes192-cbc',
    'aes128-cbc',
    '3des-cbc',
    'blowfish-cbc',
    'cast128-cbc',
    'arcfour256',
    'arcfour128',
    'arcfour',
  ],
  hmac: [
    'hmac-sha1-etm@openssh.com',
    'hmac-sha1',
    'hmac-md5',
    'hmac-sha2-256-96',
    'hmac-sha2-512-96',
    'hmac-ripemd160',
    'hmac-sha1-96',
    'hmac-md5-96',
  ],
  compress: ['zlib@openssh.com', 'zlib'],
} satisfies Record<Category, readonly string[]>;

export type ResolvedAlgorithms = Record<Category, string[]>;

/** The lists to offer. @throws RangeError for a name that ssh2 does not know. */
export function resolveAlgorithms(asked: Algorithms = {}): ResolvedAlgorithms {
  const categories = Object.keys(offered) as Category[];
  const lists = categories.map((category) => [category, listFor(category, asked[category])]);
  return Object.fromEntries(lists) as ResolvedAlgorithms;
}

/** The names of one category: what is offered by default, and all that can be asked for. */
export function algorithmNames(category: Category): { offered: readonly string[]; known: readonly string[] } {
  return { offered: offered[category], known: [...offered[category], ...possible[category]] };
}

function listFor(category: Category, asked: readonly string[] | undefined): string[] {
  if (asked === undefined) return [...offered[category]];
  const { known } = algorithmNames(category);
  for (const name of asked) {
    if (!known.includes(name)) {
      throw wrongRange(`algorithms.${category}`, name, `names out of ${known.join(', ')}`);
    }
  }
  return [...asked];
}
