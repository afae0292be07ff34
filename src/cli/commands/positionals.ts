import { variableOf } from '../args/option-spec.ts';
import { UsageError } from '../usage-error.ts';
import type { Call } from './command.ts';

/**
 * The destination and the arguments after it. When `-c CODE` or the environment names the destination there is one
 * argument fewer.
 */
export function afterDestination(
  { positionals, settings, io }: Pick<Call, 'positionals' | 'settings' | 'io'>,
  names: readonly string[],
): { destination: string | undefined; values: string[] } {
  const isNamed = settings.text('customer') !== undefined;
  const isFull = !isNamed && positionals.length === names.length + 1;
  const isElsewhere = isNamed || Boolean(io.env[variableOf('destination')]);
  const isShort = positionals.length === names.length && isElsewhere;
  if (!isFull && !isShort) {
    const expected = [...(isNamed ? [] : ['[user@]host[:port]']), ...names].join(' ');
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
