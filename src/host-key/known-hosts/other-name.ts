import { type KnownHostsQuery, prepareQuery } from './entries.ts';
import { readKnownHostsFiles } from './files.ts';
import { knownHostsLines } from './parse.ts';

/** Where a key is recorded under a name that was not looked up. */
export interface OtherName {
  name: string;
  file: string;
  line: number;
}

/** The first line with exactly this key under a readable name: not hashed, not a pattern, not revoked. */
export async function otherNameOf(query: KnownHostsQuery, key: Buffer): Promise<OtherName | undefined> {
  const words = key.toString('base64');
  for (const { path, text } of await readKnownHostsFiles(prepareQuery(query).paths)) {
    for (const { line, marker, hosts, keyText } of knownHostsLines(text)) {
      const isReadable = marker === 'none' && !/[|*?!]/.test(hosts);
      if (isReadable && keyText.includes(words))
        return { name: hosts.split(',')[0] ?? hosts, file: path, line };
    }
  }
  return undefined;
}
