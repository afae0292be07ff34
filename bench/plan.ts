import { cold } from './cases/cold.ts';
import { connecting } from './cases/connect.ts';
import { executing } from './cases/exec.ts';
import { files } from './cases/files.ts';
import { manyAtOnce } from './cases/many.ts';
import { packaging } from './cases/package.ts';
import { relaying } from './cases/relay.ts';
import { streaming } from './cases/streams.ts';
import type { Part } from './support/bench.ts';

/** Everything that can be measured, in the order of the table. */
export const parts: readonly Part[] = [
  ...connecting,
  ...executing,
  ...files,
  ...cold,
  ...streaming,
  ...manyAtOnce,
  ...packaging,
  ...relaying,
];

/** The parts with these names, or of these groups; `cold` is all that a short process waits for. @throws RangeError for a word that is neither. */
export function partsNamed(words: readonly string[]): Part[] {
  for (const word of words) {
    if (!parts.some(({ group, name }) => word === group || word === name)) {
      const known = [...new Set(parts.flatMap(({ group, name }) => [group, name]))];
      throw new RangeError(`no case ${word}; there are ${known.join(', ')}`);
    }
  }
  return parts.filter(
    ({ group, name, isCold }) =>
      words.length === 0 || [group, name, isCold && 'cold'].some((one) => one && words.includes(one)),
  );
}
