import { nearest } from './nearest.ts';
import { quoted } from './printable.ts';

/** A misspelt option must not be silently ignored: it may be the one that matters. */
export function checkKnownNames(option: string, value: object, names: readonly string[]): void {
  const name = Object.keys(value).find((one) => !names.includes(one));
  if (name === undefined) return;
  const prefix = option === 'options' ? '' : `${option}.`;
  const kind = option.startsWith('argument ') ? '' : 'option ';
  throw new TypeError(
    `${kind}${prefix}${shown(name)}: there is no such option; ${likely(name, names)}known are ${names.join(', ')}`,
  );
}

/** `did you mean this? `, or nothing. */
export function likely(word: string, words: readonly string[]): string {
  const name = nearest(word, words);
  return name === undefined ? '' : `did you mean ${name}? `;
}

function shown(name: string): string {
  return /^[\w@.-]{1,60}$/.test(name) ? name : quoted(name, 60);
}
