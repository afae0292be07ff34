import { printable } from '../text/printable.ts';

/**
 * What is said of a wrong value: which option or argument, what was given, and what would be right. A value that may
 * be a secret is never shown.
 */
export function wrongType(name: string, given: unknown, right: string): TypeError {
  return new TypeError(sentence(name, shown(given), right));
}

export function wrongRange(name: string, given: unknown, right: string): RangeError {
  return new RangeError(sentence(name, shown(given), right));
}

/** For options whose value must not appear in an error. */
export function wrongSecret(name: string, given: unknown, right: string): TypeError {
  return new TypeError(sentence(name, given === '' ? 'an empty string' : typeName(given), right));
}

/** For a value that is better described than shown: `a certificate`, `512 bytes`. */
export function wrongAs(name: string, given: string, right: string): TypeError {
  return new TypeError(sentence(name, given, right));
}

/** A refusal as it is; what the value threw when it was looked at, as a getter or a Proxy may, becomes one. */
export function unreadable(name: string, error: unknown): unknown {
  if (error instanceof Error && /^(?:options?|argument)\b/.test(error.message)) return error;
  const message = sentence(name, 'a value that throws when it is read', 'a plain value');
  return new TypeError(message, { cause: error });
}

/** What `make` says of an argument, said of what the argument came from. */
export function saidOf<T>(source: string, argument: string, make: () => T): T {
  return reworded(make, (message) => message.replace(`argument ${argument}`, source));
}

/** What is said of an option, and of which call's: where two calls stand in one expression, both have a `hostKey`. */
export function ofCall<T>(call: string, make: () => T): T {
  return reworded(make, (message) => message.replace(/^(options?(?: \S+)?(?: and \S+)?):/, `$1 (${call}):`));
}

function reworded<T>(make: () => T, words: (message: string) => string): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const Kind = error instanceof RangeError ? RangeError : TypeError;
    throw new Kind(words(error.message), { cause: error });
  }
}

function sentence(name: string, given: string, right: string): string {
  return `${subject(name)}: ${given} given; ${right} would be right`;
}

/** `option retry.attempts`, `argument path`; the name says itself when it is an argument. */
function subject(name: string): string {
  return name === 'options' || name.startsWith('argument ') ? name : `option ${name}`;
}

/** For options that exclude each other. */
export function wrongTogether(name: string, other: string): TypeError {
  return new TypeError(`options ${name} and ${other}: both given; one of them would be right`);
}

/** `option` with one more name: `retry.attempts`. */
export function within(name: string, option: string): string {
  if (name === 'arguments') return `argument ${option}`;
  return name === 'options' ? option : `${name}.${option}`;
}

const privateKey = /PRIVATE KEY|PuTTY-User-Key-File/;

function shown(value: unknown): string {
  if (typeof value === 'string')
    return privateKey.test(value) ? 'a private key' : `'${printable(value, 60)}'`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean') return String(value);
  return typeName(value);
}

/** `a Promise`, `an array`, `undefined`: what was given, without showing it. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object') return `a ${typeof value}`;
  try {
    return nameOf(value);
  } catch {
    // What was given may throw at whoever looks at it.
    return 'an object';
  }
}

function nameOf(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  const name: unknown = value.constructor?.name;
  if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${printable(name, 40)}`;
}
