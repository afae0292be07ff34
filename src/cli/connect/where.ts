import type { Destination } from '../args/destination.ts';
import { parseDestination } from '../args/destination.ts';
import { variableOf } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import type { Io } from '../io.ts';
import { UsageError } from '../usage-error.ts';

interface WithSettings {
  settings: Settings;
  io: Pick<Io, 'env'>;
}

/** The goal: a customer of the customers file, or a host. */
type Goal = { customer: string } | { destination: Destination };

/** Whether something other than an argument gives the destination; then there is one argument fewer. */
export function isSaidElsewhere({ settings, io }: WithSettings): boolean {
  return settings.text('customer') !== undefined || Boolean(io.env[variableOf('destination')]);
}

/**
 * The destination: either `-c CODE` or an argument, or else that of the environment.
 * @throws {UsageError} if there is none, or if there are two.
 */
export function whereTo(positional: string | undefined, { settings, io }: WithSettings): Goal {
  const destination = io.env[variableOf('destination')];
  const customer = settings.text('customer');
  if (settings.isArgument('customer')) {
    if (positional === undefined) return { customer: customer! };
    throw new UsageError(
      'Give -c CODE or a destination, not both. A command of several words goes after --: -c CODE -- PROGRAM ARGUMENT...',
    );
  }
  if (positional !== undefined) return { destination: parseDestination(positional) };
  if (customer !== undefined && destination) {
    const both = `${variableOf('customer')} and ${variableOf('destination')}`;
    throw new UsageError(`${both} are both set: unset one of them`);
  }
  if (customer !== undefined) return { customer };
  if (destination) return { destination: parseDestination(destination, variableOf('destination')) };
  throw new UsageError(
    `Where to? Give [user@]host[:port], an alias of ssh_config, -c CODE, or set ${variableOf('destination')}`,
  );
}
