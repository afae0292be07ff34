import { inspect } from 'node:util';
import { checkKnownNames } from '../text/known-names.ts';

export { checkKnownNames };

/**
 * Checks at the door. Every message says which option, what was given, and what would be right. A value that may be
 * a secret is never shown.
 */
export function wrongType(option: string, given: unknown, right: string): TypeError {
  return new TypeError(`option ${option}: ${shown(given)} given; ${right} would be right`);
}

export function wrongRange(option: string, given: unknown, right: string): RangeError {
  return new RangeError(`option ${option}: ${shown(given)} given; ${right} would be right`);
}

/** For options whose value must not appear in an error. */
export function wrongSecret(option: string, given: unknown, right: string): TypeError {
  return new TypeError(
    `option ${option}: ${given === '' ? 'an empty string' : typeName(given)} given; ${right} would be right`,
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return inspect(value, { maxStringLength: 60 });
  if (typeof value === 'boolean' || value === null || value === undefined) return String(value);
  return typeName(value);
}

/** `a Promise`, `an array`, `undefined`: what was given, without showing it. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name && name !== 'Object' ? `a ${name}` : 'an object';
  }
  return `a ${typeof value}`;
}

export function checkObject(option: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Buffer.isBuffer(value)) {
    throw wrongType(option, value, 'an object');
  }
}

/** An object with no other names than these: a misspelt one must not be ignored. */
export function checkNames(option: string, value: unknown, names: readonly string[]): void {
  checkObject(option, value);
  checkKnownNames(option, value, names);
}

export function checkString(
  option: string,
  value: unknown,
  right = 'a non-empty string',
): asserts value is string {
  if (typeof value !== 'string') throw wrongType(option, value, right);
  if (value === '') throw wrongRange(option, value, right);
  if (value.includes('\0')) throw wrongRange(option, value, `${right} without NUL`);
}

/** A duration in milliseconds; with `infinite`, `Infinity` turns the limit off. */
export function checkMs(option: string, value: unknown, { min = 1, infinite = true } = {}): void {
  const isNumber = typeof value === 'number';
  if (isNumber && value >= min && (infinite || value !== Number.POSITIVE_INFINITY)) return;
  const right = `milliseconds, a number of at least ${min}${infinite ? ', or Infinity for no limit' : ''}`;
  throw isNumber ? wrongRange(option, value, right) : wrongType(option, value, right);
}

export function checkInteger(option: string, value: unknown, min: number, max: number, right: string): void {
  if (typeof value !== 'number') throw wrongType(option, value, right);
  if (!Number.isInteger(value) || value < min || value > max) throw wrongRange(option, value, right);
}

export function checkPort(option: string, value: unknown, { zero = false } = {}): void {
  const min = zero ? 0 : 1;
  checkInteger(option, value, min, 65_535, `a whole number from ${min} to 65535`);
}

export function checkFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(option, value, 'a function');
}

export function checkSignal(option: string, value: unknown): void {
  if (!(value instanceof AbortSignal)) throw wrongType(option, value, 'an AbortSignal');
}
