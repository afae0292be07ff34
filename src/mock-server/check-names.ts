import { checkKnownNames, checkWord } from '../text/known-names.ts';

/** What an option may be, as far as a misspelling goes: one of some words, an object of options, or anything else. */
export interface Spec {
  words?: readonly string[];
  /** Beside an object also any text. */
  text?: true;
  names?: Readonly<Record<string, Spec>>;
  /** Of each element of an array. */
  each?: Spec;
  /** Of each value of a table whose keys are the user's. */
  values?: Spec;
}

/** A table of all options of a type: the compiler sees to it that none is forgotten. */
export type Names<T> = { readonly [K in keyof Required<T>]: Spec };

export const anything: Spec = {};

/** A misspelt option would make a test pass that proves nothing: throws TypeError that names it. */
export function checkNames(option: string, value: unknown, spec: Spec): void {
  const { words, names, each, values, text } = spec;
  if (typeof value === 'string' && words) return checkWord(option, value, words);
  if (Array.isArray(value) && each) {
    for (const [index, element] of value.entries()) checkNames(`${option}[${index}]`, element, each);
    return;
  }
  if (names && isNoObject(value) && !(text && typeof value === 'string')) {
    throw new TypeError(`option ${option}: ${JSON.stringify(value)} given; an object would be right`);
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return;
  if (names) checkKnownNames(option, value, Object.keys(names));
  for (const [name, part] of Object.entries(value)) {
    const inner = values ?? names?.[name];
    if (inner) checkNames(option === 'options' ? name : `${option}.${name}`, part, inner);
  }
}

/** `true` and `false` turn things on and off; a function does them. */
function isNoObject(value: unknown): boolean {
  return value === null || Array.isArray(value) || typeof value === 'string' || typeof value === 'number';
}
