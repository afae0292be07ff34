import { checkKnownNames } from '../text/known-names.ts';
import type { Check } from './values.ts';
import { unreadable, within, wrongAs, wrongSecret, wrongType } from './wrong.ts';

/** A check that is asked for `undefined` too: the option cannot be left out. */
type RequiredCheck = Check & { readonly required: true };

type NamesOf<T> = T extends unknown ? keyof T : never;
/** Whether each member of a union of options needs the option. */
type Needs<T, K> = T extends unknown
  ? K extends keyof T
    ? Record<never, never> extends Pick<T, K>
      ? false
      : true
    : false
  : never;

/**
 * The checks of all options of a type, each in its place: one that is forgotten does not compile, nor does one that
 * may be left out though the type wants it. The values are wide: every option takes `undefined`, which is none.
 */
export type Checks<T> = {
  readonly [K in NamesOf<T>]-?: false extends Needs<T, K> ? Check : RequiredCheck;
};

export function required(check: Check): RequiredCheck {
  return Object.assign((name: string, value: unknown) => check(name, value), { required: true as const });
}

/** The same checks where every option may be left out. */
export function optional<T>(checks: Checks<T>): Checks<Partial<T>> {
  const each = Object.entries<Check>(checks).map(([name, check]): [string, Check] => [
    name,
    (option, value) => check(option, value),
  ]);
  return Object.fromEntries(each) as Checks<Partial<T>>;
}

/** An object with these options and no others: a misspelt one must not be ignored. */
export function object<T>(checks: Checks<T>, right = 'an object'): Check {
  const all = Object.entries<Check>(checks).map(([option, check]) => ({ option, check }));
  const names = all.map(({ option }) => option);
  const checkAll: Check = (name, value) => {
    checkBag(name, value, right);
    checkKnownNames(name, value, names);
    // For every option of every connect and command: without an iterator.
    for (let n = 0; n < all.length; n++) {
      const { option, check } = all[n] as (typeof all)[number];
      try {
        checkMember(name, value, option, check);
      } catch (error) {
        throw unreadable(within(name, option), error);
      }
    }
  };
  return (name, value) => ask(name, () => checkAll(name, value));
}

/** Of the dozen options of a call most are left out: those cost no more than a look. */
function checkMember(bag: string, value: Record<string, unknown>, option: string, check: Check): void {
  const given = value[option];
  if (given === undefined && !('required' in check)) return;
  const name = within(bag, option);
  // Where options are copied, an inherited one would be lost.
  if (given !== undefined && !Object.hasOwn(value, option))
    throw wrongAs(name, 'an inherited one', 'a property of the object itself');
  check(name, given);
}

/** A check, with what the value itself threw told of the option: a getter's own error, or that of a Proxy. */
export function ask(name: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw unreadable(name, error);
  }
}

const ofTable = new WeakMap<object, Check>();

/** The options of a call. @throws TypeError or RangeError that names the option. */
export function checkOptions<T>(value: unknown, checks: Checks<T>): asserts value is T {
  let check = ofTable.get(checks);
  if (!check) {
    check = object(checks);
    ofTable.set(checks, check);
  }
  check('options', value);
}

/** An argument of a call beside its options. @throws TypeError or RangeError that names it. */
export function checkArgument(name: string, value: unknown, check: Check): void {
  const argument = `argument ${name}`;
  ask(argument, () => check(argument, value));
}

/**
 * An object that holds what it says. A signal that was given without its name, a Promise or a Map has nothing in it that an
 * option could be, and would be taken for none.
 */
export function checkBag(
  name: string,
  value: unknown,
  right?: string,
): asserts value is Record<string, unknown> {
  checkObject(name, value, right);
  const prototype: object | null = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isPlain && Object.keys(value).length === 0) throw wrongType(name, value, right ?? 'a plain object');
}

export function checkObject(
  name: string,
  value: unknown,
  right = 'an object',
): asserts value is Record<string, unknown> {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof String;
  if (typeof value !== 'object' || value === null || isList) {
    // A text in place of an object may be a URL or JSON with a password in it; one word may be shown.
    const mayBeSecret = typeof value === 'string' && !/^[a-z-]{0,12}$/.test(value);
    throw mayBeSecret ? wrongSecret(name, value, right) : wrongType(name, value, right);
  }
}
