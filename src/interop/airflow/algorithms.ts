import { checkBag } from '../../check/options.ts';
import { wrongRange } from '../../check/wrong.ts';
import type { Algorithms } from '../../options/types.ts';
import { algorithmNames } from '../../ssh2/handshake/algorithms.ts';
import { printable } from '../../text/printable.ts';
import { type AirflowExtra, listOf } from './extra.ts';

/** paramiko's names of the lists. */
const categories = { kex: 'kex', keys: 'serverHostKey', ciphers: 'cipher', macs: 'hmac' } as const;

/** `ciphers`, `disabled_algorithms` and `compress`. */
export function algorithmsOf(
  extra: AirflowExtra,
  warn: (event: string, message: string) => void,
): Algorithms | undefined {
  const algorithms: Algorithms = {};
  const ciphers = extra.list('ciphers');
  if (ciphers) algorithms.cipher = known('extra.ciphers', ciphers, 'cipher');
  const disabled = extra.get('disabled_algorithms');
  if (disabled !== undefined) Object.assign(algorithms, without(disabled, algorithms, warn));
  if (extra.flag('compress')) algorithms.compress = ['zlib@openssh.com', 'zlib', 'none'];
  return Object.keys(algorithms).length === 0 ? undefined : algorithms;
}

function without(
  disabled: unknown,
  asked: Algorithms,
  warn: (event: string, message: string) => void,
): Algorithms {
  checkBag('extra.disabled_algorithms', disabled);
  const lists: Partial<Record<keyof Algorithms, string[]>> = {};
  for (const [name, value] of Object.entries(disabled)) {
    const category = Object.hasOwn(categories, name)
      ? categories[name as keyof typeof categories]
      : undefined;
    const unwanted = listOf(`extra.disabled_algorithms.${name}`, value) ?? [];
    if (category) lists[category] = remaining(name, unwanted, listIn(asked, category));
    // Disabling rsa-sha2 would mean signing with SHA-1, which this library does not do by default.
    else
      warn('extra-ignored', `disabled_algorithms.${printable(name, 80)} has no counterpart and is ignored`);
  }
  return lists;
}

/** Here, only exact lists occur. */
function listIn(asked: Algorithms, category: keyof Algorithms): readonly string[] {
  const list = asked[category];
  return Array.isArray(list) ? list : algorithmNames(category).offered;
}

function remaining(name: string, unwanted: readonly string[], list: readonly string[]): string[] {
  const left = list.filter((algorithm) => !unwanted.includes(algorithm));
  if (left.length > 0) return left;
  throw wrongRange(
    `extra.disabled_algorithms.${name}`,
    unwanted.join(','),
    `to leave one of ${list.join(', ')}`,
  );
}

/** Names that only paramiko knows are dropped. */
function known(option: string, names: readonly string[], category: keyof Algorithms): string[] {
  const all = algorithmNames(category).known;
  const usable = names.filter((name) => all.includes(name));
  if (usable.length > 0) return usable;
  throw wrongRange(option, names.join(','), `at least one of ${all.join(', ')}`);
}
