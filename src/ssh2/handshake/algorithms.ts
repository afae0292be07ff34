import { wrongRange } from '../../check/wrong.ts';
import { WildcardMatcher } from '../../host-key/wildcard.ts';
import type { AlgorithmChanges, Algorithms } from '../../options/types.ts';
import { hybridKex } from '../insides/key-exchange/hybrid-kex.ts';
import { isInRuntime } from './runtime-algorithms.ts';

export type AlgorithmKind = keyof Algorithms;

/**
 * Offered by default, in order of preference. Compared with ssh2's own defaults, SHA-1 is left out in every role, and
 * so is diffie-hellman-group-exchange, with which a server can block this process's event loop for most of a minute.
 */
const offered = {
  kex: [
    hybridKex,
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
  // Certificates are requested if an authority applies to the host.
  serverHostKey: [
    'ssh-ed25519-cert-v01@openssh.com',
    'ecdsa-sha2-nistp256-cert-v01@openssh.com',
    'ecdsa-sha2-nistp384-cert-v01@openssh.com',
    'ecdsa-sha2-nistp521-cert-v01@openssh.com',
    'rsa-sha2-512-cert-v01@openssh.com',
    'rsa-sha2-256-cert-v01@openssh.com',
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
  // In Node.js, AES-GCM is the cheapest and chacha20 the most expensive.
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
  publicKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'sk-ssh-ed25519',
    'sk-ecdsa-sha2-nistp256',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ].flatMap((name) => {
    const plain = name.startsWith('sk-') ? `${name}@openssh.com` : name;
    return [`${name}-cert-v01@openssh.com`, plain];
  }),
} satisfies Record<AlgorithmKind, readonly string[]>;

/** What ssh2 1.17 can do beyond that, if asked for by name. */
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
  publicKey: ['ssh-rsa-cert-v01@openssh.com', 'ssh-rsa'],
} satisfies Record<AlgorithmKind, readonly string[]>;

export type ResolvedAlgorithms = Readonly<Record<AlgorithmKind, readonly string[]>>;

/**
 * The lists to offer, limited to what this runtime has.
 * @throws RangeError for a name that is unknown or not in this runtime, and if a list becomes empty.
 */
export function resolveAlgorithms(asked?: Algorithms): ResolvedAlgorithms {
  if (asked !== undefined) return listsFor(asked);
  byDefault ??= listsFor({});
  return byDefault;
}

/** What most connections offer: made once, and shared by all of them. */
let byDefault: ResolvedAlgorithms | undefined;

function listsFor(asked: Algorithms): ResolvedAlgorithms {
  const list = (kind: AlgorithmKind): readonly string[] => Object.freeze(listFor(kind, asked[kind]));
  return {
    kex: list('kex'),
    serverHostKey: list('serverHostKey'),
    cipher: list('cipher'),
    hmac: list('hmac'),
    compress: list('compress'),
    publicKey: list('publicKey'),
  };
}

/** The names of one kind: those offered by default, and all that can be asked for. */
export function algorithmNames(kind: AlgorithmKind): {
  offered: readonly string[];
  known: readonly string[];
} {
  // An agent can sign with algorithms that this runtime lacks.
  const isHere = (name: string) => kind === 'publicKey' || isInRuntime(name);
  return {
    offered: offered[kind].filter(isHere),
    known: [...offered[kind], ...possible[kind]].filter(isHere),
  };
}

function listFor(kind: AlgorithmKind, asked: readonly string[] | AlgorithmChanges | undefined): string[] {
  const option = `algorithms.${kind}`;
  if (asked === undefined) return [...algorithmNames(kind).offered];
  if (isList(asked)) return [...new Set(asked.map((name) => checkKnown(option, kind, name)))];
  const list = changed(option, kind, asked);
  if (list.length > 0) return list;
  throw wrongRange(`${option}.remove`, [asked.remove].flat().join(', '), 'to leave at least one');
}

function isList(asked: readonly string[] | AlgorithmChanges): asked is readonly string[] {
  return Array.isArray(asked);
}

function changed(
  option: string,
  kind: AlgorithmKind,
  { append, prepend, remove }: AlgorithmChanges,
): string[] {
  const names = (way: string, patterns: string | readonly string[] = []) =>
    [patterns].flat().flatMap((pattern) => meant(`${option}.${way}`, kind, pattern));
  const first = names('prepend', prepend);
  const removed = names('remove', remove);
  const list = [...first, ...algorithmNames(kind).offered, ...names('append', append)];
  return [...new Set(list)].filter((name) => !removed.includes(name));
}

/** The known names that a name or pattern matches. What the runtime lacks anyway may be removed. */
function meant(option: string, kind: AlgorithmKind, pattern: string): string[] {
  const isMeant = (name: string) => new WildcardMatcher(name).matches(pattern);
  const mayBeElsewhere = option.endsWith('.remove');
  const { known } = mayBeElsewhere ? { known: knownAnywhere(kind) } : algorithmNames(kind);
  const names = known.filter(/[*?]/.test(pattern) ? isMeant : (name) => name === pattern);
  // Otherwise a misspelt name would silently keep what was to be removed.
  if (names.length === 0) throw unknown(option, kind, pattern, knownAnywhere(kind).some(isMeant));
  return names;
}

function knownAnywhere(kind: AlgorithmKind): readonly string[] {
  return [...offered[kind], ...possible[kind]];
}

function checkKnown(option: string, kind: AlgorithmKind, name: string): string {
  if (algorithmNames(kind).known.includes(name)) return name;
  throw unknown(option, kind, name, knownAnywhere(kind).includes(name));
}

function unknown(option: string, kind: AlgorithmKind, name: string, isElsewhere: boolean): Error {
  const { known } = algorithmNames(kind);
  const where = isElsewhere ? 'names that the crypto of this runtime has, out of' : 'names out of';
  return wrongRange(option, name, `${where} ${known.join(', ')}`);
}
