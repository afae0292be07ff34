import { resolveKeyType } from '../keys/public-key.ts';
import { entriesFor, type KnownHostEntry, type KnownHostsQuery, prepareQuery } from './entries.ts';
import { readKnownHostsFiles } from './files.ts';

/**
 * The types of the keys on record for a host, each once, in the order of the files: `['ssh-ed25519', 'ssh-rsa']`.
 * As in ssh, the name is looked up with its port only, and a type whose first key is revoked does not count.
 *
 * @throws as {@link import('./lookup.ts').lookupHostKey} does.
 */
export async function knownHostKeyTypes(query: KnownHostsQuery): Promise<string[]> {
  const { paths, names } = prepareQuery(query);
  return keyTypesOf(entriesFor(await readKnownHostsFiles(paths), names.name));
}

/** The first key of each type that is not revoked gives its type. */
function keyTypesOf(entries: readonly KnownHostEntry[]): string[] {
  const revoked = entries.filter((entry) => entry.marker === 'revoked');
  const isRevoked = ({ key }: KnownHostEntry) =>
    revoked.some((entry) => entry.key.identity.equals(key.identity));
  const firstOfType = new Map<string, KnownHostEntry>();
  for (const entry of entries) {
    if (entry.marker !== 'none' || entry.key.certificate || firstOfType.has(entry.key.type)) continue;
    firstOfType.set(entry.key.type, entry);
  }
  return [...firstOfType].filter(([, entry]) => !isRevoked(entry)).map(([type]) => type);
}

/**
 * Puts the host key algorithms first whose keys are on record, so that a server with several keys shows one that can
 * be checked (OpenSSH's order_hostkeyalgs). When the most wanted algorithm is among them, the order stays as it is.
 *
 * @param algorithms by preference, such as `['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256']`.
 * @param knownTypes the answer of {@link knownHostKeyTypes}.
 */
export function orderHostKeyAlgorithms(
  algorithms: readonly string[],
  knownTypes: readonly string[],
): string[] {
  const isKnown = (algorithm: string) => knownTypes.includes(resolveKeyType(algorithm)?.type ?? algorithm);
  const [best] = algorithms;
  if (best === undefined || isKnown(best)) return [...algorithms];
  return [...algorithms.filter(isKnown), ...algorithms.filter((algorithm) => !isKnown(algorithm))];
}
