import type { Check } from '../../check/values.ts';
import { isSafeUserName } from '../../route/safe-names.ts';
import { UsageError } from '../usage-error.ts';
import type { ValueCheck } from './option-spec.ts';
import { choice, duration, port, type TimeRange, wholeNumber, wrongValue } from './values.ts';

/** A duration: unless `range` says otherwise, at least 1 ms, or `none`. */
export function time(range: TimeRange = {}): ValueCheck {
  return (text, source) => duration(text, source, { shortest: 1, ...range });
}

export const aPort: ValueCheck = port;

/** What useradd accepts on every Linux. */
export const anAccount: ValueCheck = (text, source) => {
  if (/^[a-z_][a-z0-9_-]{0,31}$/.test(text)) return;
  throw wrongValue(source, text, 'a name that useradd takes (1 to 32 of a-z 0-9 _ -)');
};

/** One that every command takes later, on its way through ssh_config. */
export const aLogin: ValueCheck = (text, source) => {
  if (text.trim() === text && text !== '' && isSafeUserName(text)) return;
  throw wrongValue(source, text, 'the name of an account, without quotes and shell characters,');
};

export function count(lowest: number, highest?: number): ValueCheck {
  return (text, source) => wholeNumber(text, source, lowest, highest);
}

export function oneOf(...words: readonly string[]): ValueCheck {
  return (text, source) => choice(text, source, words);
}

/** Applies a check of the library before anything opens, and names the option as the user knows it. */
export function asLibrary(check: Check): ValueCheck {
  return (text, source) => {
    try {
      check('it', text);
    } catch (error) {
      throw new UsageError((error as Error).message.replace(/^(?:option|argument) [^:]+/, source));
    }
  };
}
