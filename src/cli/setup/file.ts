import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { defaultCustomersFile } from '../../customers/load.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { checkedCode } from '../commands/positionals.ts';
import { customersOf, inFile } from '../connect/target.ts';
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

/** Writes the customers file after the gateway was changed: what cannot be written is to be made good. */
export async function inFileAfterGateway<T>(settings: Settings, work: () => Promise<T>): Promise<T> {
  try {
    return await inFile(settings, work);
  } catch (error) {
    const { message } = error as Error;
    const how =
      'The gateway is as it should be, this file is not: run the same command again once it can be written';
    throw new Error(`${message}. ${how}`, { cause: error });
  }
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
