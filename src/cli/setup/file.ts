import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { defaultCustomersFile } from '../../customers/load.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { checkedCode } from '../commands/positionals.ts';
import { customersOf } from '../connect/target.ts';
import type { Customers } from '../library.ts';
import { UsageError } from '../usage-error.ts';

/** The customers file, for commands that change it. */
export const fileOption: OptionSpec = {
  name: 'customers',
  value: 'FILE',
  env: true,
  help: 'the customers file',
  default: 'customers.json in the working folder',
};

export function pathOf(settings: Settings): string {
  return resolve(settings.text('customers') ?? defaultCustomersFile());
}

/**
 * The path of a key file as stored in the customers file: relative to that file's folder or to the home folder if it is
 * inside, so that the files can move to another machine.
 */
export function keyPathOf(settings: Settings, option: string): string | undefined {
  const given = settings.text(option);
  if (given === undefined || given.startsWith('~')) return given;
  const path = resolve(given);
  const within = (folder: string) => {
    const rest = relative(folder, path);
    return rest === '' || rest.startsWith('..') || isAbsolute(rest) ? undefined : rest.replaceAll(sep, '/');
  };
  const inHome = within(homedir());
  return within(dirname(pathOf(settings))) ?? (inHome === undefined ? path : `~/${inHome}`);
}

/** The customers file, or undefined if there is none yet. */
export async function customersIfAny(settings: Settings): Promise<Customers | undefined> {
  return existsSync(pathOf(settings)) ? customersOf(settings) : undefined;
}

/** The one code among the arguments, and what may follow it. */
export function codeAndGateway(positionals: readonly string[]): {
  code: string;
  positional: string | undefined;
} {
  const [code, positional, ...others] = positionals;
  if (code === undefined || others.length > 0) {
    throw new UsageError('Give the code of one customer, and the gateway unless the customers file names it');
  }
  return { code: checkedCode(code), positional };
}
