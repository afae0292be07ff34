import { given } from '../../check/given.ts';
import { checkCwd, checkSurroundings } from '../../exec/command-line/surroundings.ts';
import { assertEncoding } from '../../exec/output/decode.ts';
import { asLibrary, oneOf } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { pair, wrongValue } from '../args/values.ts';
import { UsageError } from '../usage-error.ts';

const shells = ['posix', 'cmd', 'powershell', 'pwsh', 'raw'] as const;

/** Where and how a command runs, for `exec` and for jobs. */
export const surroundingOptions: readonly OptionSpec[] = [
  { name: 'cwd', value: 'DIR', check: asLibrary(checkCwd), help: 'folder to run in' },
  {
    name: 'env',
    value: 'NAME=VALUE',
    multiple: true,
    check: checkVariable,
    help: 'environment variable for the command; visible on the server',
  },
  {
    name: 'shell',
    value: 'SHELL',
    check: oneOf(...shells),
    help: 'posix, cmd, powershell, pwsh or raw: whose quoting applies',
    default: 'cmd on Windows, else posix',
  },
];

export const encodingOption: OptionSpec = {
  name: 'encoding',
  value: 'NAME',
  check: asLibrary((name, value) => assertEncoding(value, name)),
  help: 'decode the output (cp949, cp932, ...) and print UTF-8',
  default: 'bytes as they come',
};

export function surroundingsOf(settings: Settings) {
  const env = Object.fromEntries(settings.list('env').map((one) => pair(one, '--env')));
  const cwd = settings.text('cwd');
  const shell = settings.choice('shell', shells);
  return {
    ...given({ cwd }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...given({ shell }),
  };
}

/** One word is a command line; several are a program and its arguments. */
export function wordsOf(rest: readonly string[]): string | readonly string[] {
  const [command, ...others] = rest;
  if (command === undefined) throw new UsageError('Which command? Give it after the destination');
  if (command.trim() === '') throw new UsageError('The command is empty: give one after the destination');
  return others.length === 0 ? command : rest;
}

/** Windows accepts every name that a POSIX shell accepts, and more: what is wrong there is wrong everywhere. */
function checkVariable(text: string, source: string): void {
  const [name, value] = pair(text, source);
  try {
    checkSurroundings({ env: { [name]: value } }, 'windows');
  } catch {
    // The value may be a secret, so only the name is shown.
    throw wrongValue(source, name, 'a name of letters, digits and _ . ( ) -, beginning with a letter or _,');
  }
}
