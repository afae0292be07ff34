import { variableOf } from '../args/option-spec.ts';
import { wrongValue } from '../args/values.ts';
import { isSaidElsewhere } from '../connect/where.ts';
import { wordsOf } from '../exec/options.ts';
import { UsageError } from '../usage-error.ts';
import type { Call } from './command.ts';

type Arguments = Pick<Call, 'positionals' | 'settings' | 'io'>;

/**
 * The destination and the arguments after it. If `-c CODE` or the environment gives the destination, there is one
 * argument fewer; one more is a destination too, which takes precedence over the environment's.
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
    const behind = isOption ? ' behind -c CODE' : '';
    throw new UsageError(
      `Expected ${expected || 'no argument'}${behind}; ${countOf(positionals.length)} given`,
    );
  }
  const values = isFull ? positionals.slice(1) : [...positionals];
  const empty = values.findIndex((value) => value.trim() === '');
  if (empty >= 0) throw new UsageError(`${names[empty]} is empty`);
  return { destination: isFull ? positionals[0] : undefined, values };
}

/** @throws {UsageError} if there are more arguments than the command takes. */
export function refuseMore(positionals: readonly string[], most: number, expected: string): void {
  if (positionals.length > most) {
    throw new UsageError(`Expected ${expected}; ${countOf(positionals.length)} given`);
  }
}

/** The code of a customer, and nothing else. */
export function oneCode(positionals: readonly string[]): string {
  const [code] = positionals;
  if (code === undefined || positionals.length > 1) {
    throw new UsageError(`Give the code of one customer; ${countOf(positionals.length)} given`);
  }
  return checkedCode(code);
}

export function checkedCode(code: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/.test(code)) return code;
  throw wrongValue('CODE', code, '1 to 40 letters, digits, - and _, the first a letter or a digit,');
}

/** The destination and the command after it. */
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
  // With a destination in the environment, every word belongs to the command. It must not run on a PC other than
  // intended.
  const isMeantAsHost = destination === undefined && /^[^\s@/\\:]+@[^\s@/\\]+$/.test(first);
  if (isMeantAsHost && !settings.isArgument('customer') && rest.length > 1) {
    throw new UsageError(
      `${first} would be the command, because ${variableFor(settings)} gives the destination. For another destination: DESTINATION -- COMMAND`,
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
