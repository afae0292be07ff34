import { resolveKeyType } from '../keys/public-key.ts';
import { entriesFor, type KnownHostEntry, type KnownHostsQuery, prepareQuery } from './entries.ts';
import { readKnownHostsFiles } from './files.ts';

/**
 * The types of the keys on record for a host, without duplicates, in the order of the files: `['ssh-ed25519',
 * 'ssh-rsa']`. As in ssh, the name is only looked up with its port, and a type whose first key is revoked does not
 * count.
 *
 * @throws Like {@link import('./lookup.ts').lookupHostKey}.
 */
export async function knownHostKeyTypes(query: KnownHostsQuery): Promise<string[]> {
  const { paths, names } = prepareQuery(query);
  return keyTypesOf(entriesFor(await readKnownHostsFiles(paths), names.name));
}

/** Only the first key of each type counts, unless it is revoked. */
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
 * Moves the host key algorithms whose keys are on record to the front, so that a server with several keys sends one
 * that can be checked (OpenSSH's order_hostkeyalgs). If the most preferred algorithm is among them, the order does not
 * change.
 *
 * @param algorithms In order of preference, such as `['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256']`.
 * @param knownTypes The result of {@link knownHostKeyTypes}.
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
