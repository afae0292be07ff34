import { WildcardMatcher } from '../../host-key/wildcard.ts';
import type { Algorithms } from '../../options/types.ts';
import { algorithmNames } from '../../ssh2/handshake/algorithms.ts';
import type { Found } from './lookup.ts';
import { word, wrong } from './values.ts';

const keywords = {
  kexalgorithms: 'kex',
  hostkeyalgorithms: 'serverHostKey',
  ciphers: 'cipher',
  macs: 'hmac',
  // Its name before OpenSSH 8.5.
  pubkeyacceptedkeytypes: 'publicKey',
  pubkeyacceptedalgorithms: 'publicKey',
} as const;

/**
 * Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms, PubkeyAcceptedAlgorithms and Compression. Names that only OpenSSH
 * knows are dropped from a list; `+`, `-` and `^` modify this library's default list.
 *
 * @throws {TypeError} if nothing is left.
 */
export function algorithmsOf(found: Found): Algorithms | undefined {
  const lists = Object.entries(keywords).flatMap(([keyword, category]): [keyof Algorithms, string[]][] => {
    const value = found.values.get(keyword)?.value;
    return value === undefined ? [] : [[category, listOf(keyword, value, category)]];
  });
  if (word(found, 'compression') === 'yes') lists.push(['compress', ['zlib@openssh.com', 'zlib', 'none']]);
  return lists.length === 0 ? undefined : Object.fromEntries(lists);
}

function listOf(keyword: string, value: string, category: keyof Algorithms): string[] {
  const { offered, known } = algorithmNames(category);
  const modifier = /^[+^-]/.exec(value)?.[0] ?? '';
  const names = matching(value.slice(modifier.length).split(','), known);
  const list = changed(modifier, names, offered);
  if (list.length > 0) return list;
  throw wrong(keyword, value, `at least one of ${known.join(', ')}`);
}

function changed(modifier: string, names: readonly string[], offered: readonly string[]): string[] {
  const others = offered.filter((name) => !names.includes(name));
  if (modifier === '-') return others;
  if (modifier === '^') return [...names, ...others];
  if (modifier === '+') return [...offered, ...names.filter((name) => !offered.includes(name))];
  return [...names];
}

/** The known names that match the patterns, in the order of the patterns. */
function matching(patterns: readonly string[], known: readonly string[]): string[] {
  const names = patterns.flatMap((pattern) =>
    known.filter((name) => new WildcardMatcher(name).matches(pattern)),
  );
  return [...new Set(names)];
}
