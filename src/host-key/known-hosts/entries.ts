import type { Checks } from '../../check/options.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { checkPaths, defaultKnownHostsFiles, expandPath, type KnownHostsFile } from './files.ts';
import { linesAbout } from './lines-by-name.ts';
import { type HostName, hostNameChecks, type LookupNames, lookupNames } from './name.ts';
import { type KnownHostsMarker, parseHostKey } from './parse.ts';

/** Which host to look up, and in which files. */
export interface KnownHostsQuery extends HostName {
  /** Paths of known_hosts files; `~` is the home folder. Default: OpenSSH's own files, the user's and the system's. */
  readonly knownHosts?: string | readonly string[] | undefined;
}

/** A line about the host with a valid key. */
export interface KnownHostEntry {
  readonly file: string;
  readonly line: number;
  readonly marker: KnownHostsMarker;
  readonly key: PublicKey;
}

export const queryChecks: Checks<KnownHostsQuery> = { ...hostNameChecks, knownHosts: checkPaths };

/** The paths and names to look up. */
export function prepareQuery(query: KnownHostsQuery): { paths: string[]; names: LookupNames } {
  const { knownHosts = defaultKnownHostsFiles() } = query;
  const given = typeof knownHosts === 'string' ? [knownHosts] : knownHosts;
  return { paths: given.map((path) => expandPath('knownHosts', path)), names: lookupNames(query) };
}

/** All entries for a name, in the order of files and lines. As in ssh, keys are parsed only if the name matches. */
export function entriesFor(files: readonly KnownHostsFile[], name: string): KnownHostEntry[] {
  const entries: KnownHostEntry[] = [];
  for (const file of files) {
    for (const { line, marker, keyText } of linesAbout(file, name)) {
      const key = parseHostKey(keyText);
      if (key !== undefined) entries.push({ file: file.path, line, marker, key });
    }
  }
  return entries;
}
