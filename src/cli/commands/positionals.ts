import { variableOf } from '../args/option-spec.ts';
import { isSaidElsewhere } from '../connect/where.ts';
import { wordsOf } from '../exec/options.ts';
import { UsageError } from '../usage-error.ts';
import type { Call } from './command.ts';

type Arguments = Pick<Call, 'positionals' | 'settings' | 'io'>;

/**
 * The destination and the arguments after it. When `-c CODE` or the environment says the destination there is one
 * argument fewer; one more than that is a destination, which comes before the environment's.
 */
export function afterDestination(
  { positionals, settings, io }: Arguments,
  names: readonly string[],
): { destination: string | undefined; values: string[] } {
  const isOption = settings.isArgument('customer');
  const isFull = !isOption && positionals.length === names.length + 1;
  const isShort = positionals.length === names.length && isSaidElsewhere({ settings, io });
  if (!isFull && !isShort) {
    const expected = [...(isOption ? [] : ['[user@]host[:port]']), ...names].join(' ');
    throw new UsageError(`Expected ${expected}; ${countOf(positionals.length)} given`);
  }
  const values = isFull ? positionals.slice(1) : [...positionals];
  const empty = values.findIndex((value) => value.trim() === '');
  if (empty >= 0) throw new UsageError(`${names[empty]} is empty`);
  return { destination: isFull ? positionals[0] : undefined, values };
}

/** The destination and the command behind it. */
export function commandAfterDestination({
  positionals,
  rest,
  settings,
}: Pick<Call, 'positionals' | 'rest' | 'settings'>): {
  destination: string | undefined;
  words: string | readonly string[];
} {
  const [destination] = positionals;
  const [first = ''] = rest;
  // With a destination in the environment, every word is the command's. That must not run it on another PC than meant.
  const isMeantAsHost = destination === undefined && /^[^\s@/\\:]+@[^\s@/\\]+$/.test(first);
  if (isMeantAsHost && !settings.isArgument('customer') && rest.length > 1) {
    throw new UsageError(
      `${first} would be the command, because ${variableFor(settings)} says the destination. To go elsewhere: DESTINATION -- COMMAND`,
    );
  }
  return { destination, words: wordsOf(rest) };
}

function variableFor(settings: Call['settings']): string {
  return variableOf(settings.text('customer') === undefined ? 'destination' : 'customer');
}

function countOf(count: number): string {
  if (count === 0) return 'nothing was';
  return count === 1 ? 'one argument was' : `${count} arguments were`;
}
