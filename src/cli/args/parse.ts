import { parseArgs } from 'node:util';
import { nearest } from '../../text/nearest.ts';
import { printable } from '../../text/printable.ts';
import { UsageError } from '../usage-error.ts';
import { type OptionSpec, variableOf } from './option-spec.ts';
import { type Given, Settings } from './settings.ts';

interface ParseRequest {
  specs: readonly OptionSpec[];
  env: Readonly<Record<string, string | undefined>>;
  /** Everything after the first positional (or after `--`) belongs to the remote command, options included. */
  hasRest?: boolean;
}

interface Parsed {
  settings: Settings;
  positionals: string[];
  /** With `hasRest`: what belongs to the remote command. */
  rest: string[];
}

/** @throws {UsageError} for an unknown option, a missing value, or a secret among the arguments. */
export function parse(argv: readonly string[], request: ParseRequest): Parsed {
  const { specs, env } = request;
  const { own, rest } = request.hasRest ? splitRest(argv, request) : { own: argv, rest: [] };
  refuseSecrets(own);
  const { tokens } = tokenize(own, specs);
  const given: Given = new Map();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option') take(given, token, specs);
  }
  return { settings: new Settings(specs, given, env), positionals, rest };
}

type Token = NonNullable<ReturnType<typeof tokenize>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

function tokenize(argv: readonly string[], specs: readonly OptionSpec[]) {
  const options = Object.fromEntries(
    specs.map(({ name, short, value }) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short ? { short } : {}) },
    ]),
  );
  // Not strict: our own messages say more, and never show a value that may be a secret.
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
}

function take(given: Given, token: OptionToken, specs: readonly OptionSpec[]): void {
  const { name, rawName, value } = token;
  const spec = specs.find((one) => one.name === name);
  if (!spec) throw unknownOption(rawName, specs);
  if (!spec.value) {
    if (value !== undefined) throw new UsageError(`${rawName} is a switch: it takes no value`);
    given.set(name, [rawName]);
    return;
  }
  if (!value) throw new UsageError(`${rawName} needs a value: ${rawName} ${spec.value}`);
  // In `-p --json`, a forgotten value is far more likely than a value that begins with dashes.
  if (token.inlineValue === false && /^--?[a-z]/i.test(value) && isOption(value, specs)) {
    throw new UsageError(`${rawName} needs a value, but ${printable(value, 40)} follows`);
  }
  const before = given.get(name) ?? [];
  if (before.length > 0 && !spec.multiple)
    throw new UsageError(`${rawName} was given twice; once would be right`);
  given.set(name, [...before, value]);
}

function isOption(text: string, specs: readonly OptionSpec[]): boolean {
  const name = text.replace(/^--?/, '').replace(/=.*$/s, '');
  return specs.some((spec) => (text.startsWith('--') ? spec.name === name : spec.short === name));
}

function unknownOption(rawName: string, specs: readonly OptionSpec[]): UsageError {
  const likely = nearest(
    rawName.replace(/^-+/, ''),
    specs.map(({ name }) => name),
  );
  const hint = likely ? ` Did you mean --${likely}?` : '';
  return new UsageError(`There is no option ${printable(rawName, 40)}.${hint}`);
}

const secretOption = /^--(jump-)?(password|passphrase|passwd|pass|pwd)(=|$)/i;

function refuseSecrets(argv: readonly string[]): void {
  for (const argument of argv) {
    if (argument === '--') return;
    const [, jump = '', kind] = secretOption.exec(argument) ?? [];
    if (!kind) continue;
    const word = kind.toLowerCase() === 'passphrase' ? 'passphrase' : 'password';
    const name = `${jump.toLowerCase()}${word}`;
    const ways = [
      [`--${name}-file FILE`, 'a file that only you can read'],
      [variableOf(name), 'an environment variable'],
      [`--ask-${name}`, 'a prompt that does not show what you type'],
    ].map(([way = '', what = '']) => `  ${way.padEnd(36)}${what}`);
    throw new UsageError(
      [
        `A ${word} is not taken from the arguments: every user of this machine can read them in the list of processes,`,
        `and the shell keeps them in its history. Give it in one of these ways instead:`,
        ...ways,
        `If that was a real ${word}, change it: it is now in your shell's history.`,
      ].join('\n'),
    );
  }
}

function namesCustomer(token: Token): boolean {
  return token.kind === 'option' && token.name === 'customer';
}

function saysWhere(env: ParseRequest['env']): boolean {
  return ['destination', 'customer'].some((name) => env[variableOf(name)]);
}

/**
 * As in `ssh`, what follows the destination is the command with its options. Our own options may follow the destination
 * if `--` separates them from the command.
 */
function splitRest(
  argv: readonly string[],
  { specs, env }: ParseRequest,
): { own: readonly string[]; rest: string[] } {
  const { tokens } = tokenize(argv, specs);
  const places = tokens.filter(({ kind }) => kind === 'positional').map(({ index }) => index);
  const separator = tokens.find(({ kind }) => kind === 'option-terminator')?.index;
  const [first = argv.length] = places;
  // If a customer's code precedes it, or the environment gives the destination, the first word belongs to the command.
  const isSaid = tokens.some((token) => namesCustomer(token) && token.index < first) || saysWhere(env);
  const ours = isSaid ? 0 : 1;
  // A single word before the separator is a destination, even if something else gives one.
  if (separator !== undefined && places.filter((index) => index < separator).length <= 1) {
    return { own: argv.slice(0, separator), rest: argv.slice(separator + 1) };
  }
  return { own: argv.slice(0, first + ours), rest: argv.slice(first + ours) };
}
