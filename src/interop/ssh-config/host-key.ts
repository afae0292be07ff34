import { devNull } from 'node:os';
import { defaultKnownHostsFiles } from '../../host-key/known-hosts/files.ts';
import type { HostKeyOption } from '../../options/types.ts';
import type { Found } from './lookup.ts';
import { expandedPath, type TokenValues } from './tokens.ts';
import { word, wrong } from './values.ts';

const nowhere = ['/dev/null', devNull, 'NUL'];

/** StrictHostKeyChecking, UserKnownHostsFile, GlobalKnownHostsFile, HostKeyAlias, HashKnownHosts and UpdateHostKeys. */
export function hostKeyOf(found: Found, tokens: TokenValues): HostKeyOption | undefined {
  const strict = strictness(found);
  const user = files(found, 'userknownhostsfile', tokens);
  const global = files(found, 'globalknownhostsfile', tokens);
  // `no` without a place to remember keys is how users say that nothing is to be checked.
  if (strict === 'no' && user?.every((path) => nowhere.includes(path))) return 'insecure-accept-any';
  const alias = found.values.get('hostkeyalias')?.value;
  const knownHosts = knownHostsFiles(user, global);
  const onUnknown = strict === 'no' ? 'accept-new' : strict;
  const update = updates(found) && (global ? (user ?? defaultKnownHostsFiles().slice(0, -2)) : true);
  if (alias === undefined && knownHosts === undefined && onUnknown === undefined && !update) return undefined;
  const writes = onUnknown === 'accept-new' || update;
  return {
    ...(knownHosts && { knownHosts }),
    ...(alias !== undefined && { alias }),
    ...(onUnknown && { onUnknown }),
    ...(writes && word(found, 'hashknownhosts') === 'yes' && { hash: true }),
    ...(update && { update }),
  };
}

/** Only if the configuration says so; `ask` counts as no, as there is nobody to ask. */
function updates(found: Found): boolean {
  const value = word(found, 'updatehostkeys') ?? 'no';
  if (['yes', 'true', 'no', 'false', 'ask'].includes(value)) return value === 'yes' || value === 'true';
  throw wrong('UpdateHostKeys', value, 'yes, no or ask');
}

function strictness(found: Found): 'reject' | 'accept-new' | 'no' | undefined {
  const value = word(found, 'stricthostkeychecking');
  if (value === undefined) return undefined;
  // There is nobody to ask.
  if (value === 'yes' || value === 'ask') return 'reject';
  if (value === 'accept-new') return 'accept-new';
  if (value === 'no' || value === 'off') return 'no';
  throw wrong('StrictHostKeyChecking', value, 'yes, ask, accept-new or no');
}

function files(found: Found, keyword: string, tokens: TokenValues): string[] | undefined {
  const words = found.values.get(keyword)?.words;
  if (words === undefined) return undefined;
  if (words.length === 1 && words[0]!.toLowerCase() === 'none') return [devNull];
  return words.map((path) => expandedPath(keyword, path, tokens));
}

/** Both lists in one; if only one is set, OpenSSH's defaults stand in for the other. */
function knownHostsFiles(user: string[] | undefined, global: string[] | undefined): string[] | undefined {
  if (user === undefined && global === undefined) return undefined;
  const defaults = defaultKnownHostsFiles();
  return [...(user ?? defaults.slice(0, -2)), ...(global ?? defaults.slice(-2))];
}
