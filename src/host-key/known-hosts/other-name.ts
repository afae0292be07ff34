import { type KnownHostsQuery, prepareQuery } from './entries.ts';
import { readKnownHostsFiles } from './files.ts';
import { knownHostsLines } from './parse.ts';

/** Where a key stands under a name that was not asked for. */
export interface OtherName {
  name: string;
  file: string;
  line: number;
}

/** The first line that has this very key under a name that can be read: not hashed, no pattern, not revoked. */
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
