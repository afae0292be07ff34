import { checkObject } from '../check/options.ts';
import { abortSignal, callback, limit, ms, port, portOrZero, whole } from '../check/values.ts';
import { checkKnownNames } from '../text/known-names.ts';

export { checkObject } from '../check/options.ts';
export { checkText as checkString } from '../check/values.ts';
export { typeName, wrongRange, wrongSecret, wrongType } from '../check/wrong.ts';
export { checkKnownNames };

/** An object with no other names than these: a misspelt one must not be ignored. */
export function checkNames(option: string, value: unknown, names: readonly string[]): void {
  checkObject(option, value);
  checkKnownNames(option, value, names);
}

/** A duration in milliseconds; with `infinite`, `Infinity` turns the limit off. */
export function checkMs(option: string, value: unknown, { min = 1, infinite = true } = {}): void {
  (infinite ? limit(min) : ms(min))(option, value);
}

export function checkInteger(option: string, value: unknown, min: number, max: number, right: string): void {
  whole(min, max, right)(option, value);
}

export function checkPort(option: string, value: unknown, { zero = false } = {}): void {
  (zero ? portOrZero : port)(option, value);
}

export const checkFunction = callback;
export const checkSignal = abortSignal;
