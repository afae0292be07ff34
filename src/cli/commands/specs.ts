import type { OptionSpec } from '../args/option-spec.ts';
import { connectOptions, generalOptions } from '../connect/options.ts';
import type { CliCommand } from './command.ts';

type Taker = Pick<CliCommand, 'options' | 'connects' | 'leavesOut' | 'idle' | 'defaults'>;

/** The options of a connection that a command accepts. */
function connectionSpecsOf({ connects, leavesOut = [] }: Taker): readonly OptionSpec[] {
  return connects ? connectOptions.filter(({ name }) => !leavesOut.includes(name)) : [];
}

/** Those that have an effect, with the command's own defaults. */
export function shownConnectionSpecsOf(command: Taker): readonly OptionSpec[] {
  const { idle = [], defaults = {} } = command;
  return connectionSpecsOf(command)
    .filter(({ name }) => !idle.includes(name))
    .map((spec) => (spec.name in defaults ? { ...spec, default: defaults[spec.name]! } : spec));
}

/** Every option that a command accepts. */
export function specsOf(command: Taker): readonly OptionSpec[] {
  return [...command.options, ...connectionSpecsOf(command), ...generalOptions];
}
