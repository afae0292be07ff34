import { likely } from '../text/known-names.ts';
import { wrongRange, wrongSecret, wrongType } from './wrong.ts';

/** Throws a TypeError or RangeError that names the option unless the value is right. */
export type Check = (name: string, value: unknown) => void;

/** For what needs no check of its own. */
export const anything: Check = () => {};

export const flag: Check = (name, value) => {
  if (typeof value !== 'boolean') throw wrongType(name, value, 'true or false');
};

export const callback: Check = (name, value) => {
  if (typeof value !== 'function') throw wrongType(name, value, 'a function');
};

export const abortSignal: Check = (name, value) => {
  if (!(value instanceof AbortSignal)) throw wrongType(name, value, 'an AbortSignal');
};

export function checkText(
  name: string,
  value: unknown,
  right = 'a non-empty string',
  longest = Number.POSITIVE_INFINITY,
): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, value, right);
  if (value === '') throw wrongRange(name, value, right);
  if (value.includes('\0')) throw wrongRange(name, value, `${right} without NUL`);
  if (value.length > longest) throw wrongRange(name, value, `${right} of at most ${longest} characters`);
}

/** A string with something in it, no NUL, and no more than fits where it goes. */
export function text(right?: string, longest?: number): Check {
  return (name, value) => checkText(name, value, right, longest);
}

/** The same, or an empty string, which means something of its own. */
export function textOrEmpty(right: string, longest: number): Check {
  return (name, value) => {
    if (value !== '') checkText(name, value, right, longest);
  };
}

/** A secret: text, or bytes where a key may be binary. */
export function secret({ bytes = false, empty = false } = {}): Check {
  const right = `${empty ? 'a' : 'a non-empty'} string${bytes ? ' or Buffer' : ''}`;
  return (name, value) => {
    const isSecret = typeof value === 'string' || (bytes && Buffer.isBuffer(value));
    if (!isSecret || (value.length === 0 && !empty)) throw wrongSecret(name, value, right);
  };
}

export function whole(min: number, max: number, right = `a whole number from ${min} to ${max}`): Check {
  return (name, value) => {
    if (typeof value !== 'number') throw wrongType(name, value, right);
    if (!Number.isInteger(value) || value < min || value > max) throw wrongRange(name, value, right);
  };
}

/** A number of things, not of bytes or milliseconds. */
export const count = atLeast(1);

export function atLeast(min: number, unit = 'a whole number'): Check {
  return whole(min, Number.MAX_SAFE_INTEGER, `${unit} of at least ${min}`);
}

export function orInfinity(check: Check): Check {
  return (name, value) => {
    if (value !== Number.POSITIVE_INFINITY) check(name, value);
  };
}

/** How often something is tried. */
export const tries: Check = orInfinity(
  whole(1, Number.MAX_SAFE_INTEGER, 'a whole number of at least 1, or Infinity,'),
);

export function between(min: number, max: number): Check {
  const right = `a number from ${min} to ${max}`;
  return (name, value) => {
    if (typeof value !== 'number') throw wrongType(name, value, right);
    if (!(value >= min && value <= max)) throw wrongRange(name, value, right);
  };
}

export const port: Check = whole(1, 65_535);
export const portOrZero: Check = whole(0, 65_535);
/** A place in a file. */
export const position: Check = atLeast(0, 'a whole number of bytes');

/** A duration in milliseconds. */
export function ms(min = 1): Check {
  return milliseconds(min, Number.MAX_VALUE, `milliseconds, a number of at least ${min},`);
}

/** A limit in milliseconds; `Infinity` turns it off. */
export function limit(min = 1): Check {
  const right = `milliseconds, a number of at least ${min}, or Infinity for no limit`;
  return milliseconds(min, Number.POSITIVE_INFINITY, right);
}

function milliseconds(min: number, max: number, right: string): Check {
  return (name, value) => {
    if (typeof value !== 'number') throw wrongType(name, value, right);
    if (!(value >= min && value <= max)) throw wrongRange(name, value, right);
  };
}

/** One of a few values: words, `true`, `false`. */
export function oneOf(...allowed: readonly (string | boolean)[]): Check {
  const words = allowed.filter((one) => typeof one === 'string');
  const right = alternatives(allowed.map((one) => (typeof one === 'string' ? `'${one}'` : String(one))));
  return (name, value) => {
    if (allowed.some((one) => one === value)) return;
    const meant = typeof value === 'string' ? likely(value, words) : '';
    throw wrongType(name, value, `${meant}${right}`);
  };
}

/** `'a', 'b' or 'c'` */
function alternatives(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A value that is right by itself, or else what `check` wants. */
export function either(allowed: unknown, check: Check): Check {
  return (name, value) => {
    if (value !== allowed) check(name, value);
  };
}

/** A string, also an empty one. */
export const string: Check = (name, value) => {
  if (typeof value !== 'string') throw wrongType(name, value, 'a string');
};

/** A string or bytes, also none. */
export const stringOrBytes: Check = (name, value) => {
  if (typeof value !== 'string' && !Buffer.isBuffer(value))
    throw wrongType(name, value, 'a string or Buffer');
};

/** An array of any length. */
export function each(check: Check, right = 'an array'): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw wrongType(name, value, right);
    for (const [index, element] of value.entries()) check(`${name}[${index}]`, element);
  };
}

type Kind = 'string' | 'number' | 'boolean' | 'function' | 'array' | 'object';

/** One of several kinds of values, with a check for each. */
export function kinds(checks: Readonly<Partial<Record<Kind, Check>>>, right: string): Check {
  const byKind = new Map<string, Check>(Object.entries(checks));
  return (name, value) => {
    const check = value === null ? undefined : byKind.get(Array.isArray(value) ? 'array' : typeof value);
    if (!check) throw wrongType(name, value, right);
    check(name, value);
  };
}

/** An array with at least one element. */
export function listOf(check: Check, right: string): Check {
  return (name, value) => {
    if (!Array.isArray(value) || value.length === 0) throw wrongType(name, value, right);
    for (const [index, element] of value.entries()) check(`${name}[${index}]`, element);
  };
}

/** One, or an array with at least one. */
export function oneOrMore(check: Check, right: string): Check {
  const list = listOf(check, right);
  return (name, value) => (Array.isArray(value) ? list : check)(name, value);
}
