import { variableOf } from '../args/option-spec.ts';
import { UsageError } from '../usage-error.ts';
import type { Call } from './command.ts';

/**
 * The destination and the arguments after it. When the environment names the destination it may be left out: then
 * there is one argument fewer.
 */
export function afterDestination(
  { positionals, io }: Pick<Call, 'positionals' | 'io'>,
  names: readonly string[],
): { destination: string | undefined; values: string[] } {
  const isFull = positionals.length === names.length + 1;
  const isShort = positionals.length === names.length && Boolean(io.env[variableOf('destination')]);
  if (!isFull && !isShort) {
    const expected = ['[user@]host[:port]', ...names].join(' ');
    throw new UsageError(`Expected ${expected}; ${countOf(positionals.length)} given`);
  }
  return isFull
    ? { destination: positionals[0], values: positionals.slice(1) }
    : { destination: undefined, values: [...positionals] };
}

function countOf(count: number): string {
  if (count === 0) return 'nothing was';
  return count === 1 ? 'one argument was' : `${count} arguments were`;
}
