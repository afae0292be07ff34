import type { OptionSpec } from '../args/option-spec.ts';
import { connectOptions, generalOptions } from '../connect/options.ts';
import type { Command } from './command.ts';

type Taker = Pick<Command, 'options' | 'connects' | 'leavesOut'>;

/** The options of a connection that a command takes. */
export function connectionSpecsOf({ connects, leavesOut = [] }: Taker): readonly OptionSpec[] {
  return connects ? connectOptions.filter(({ name }) => !leavesOut.includes(name)) : [];
}

/** Every option that a command takes. */
export function specsOf(command: Taker): readonly OptionSpec[] {
  return [...command.options, ...connectionSpecsOf(command), ...generalOptions];
}
