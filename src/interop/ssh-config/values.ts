import { printable } from '../../text/printable.ts';
import type { Found } from './lookup.ts';

const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** OpenSSH's time format: seconds, or `1h30m`. Returns milliseconds; undefined if it is not set, or is `none`. */
export function milliseconds(found: Found, keyword: string): number | undefined {
  const value = found.values.get(keyword)?.value;
  if (value === undefined || value.toLowerCase() === 'none') return undefined;
  const parts = [...value.matchAll(/(\d+)([smhdw]?)/gi)];
  // The parts must add up to the whole: one expression for both would try every way of splitting a long number.
  const isWhole = parts.length > 0 && parts.reduce((sum, [part]) => sum + part.length, 0) === value.length;
  if (!isWhole) throw wrong(keyword, value, 'seconds, or a time as 1m30s');
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!.toLowerCase()]! * 1_000, 0);
}

export function wholeNumber(found: Found, keyword: string, min: number, max: number): number | undefined {
  const value = found.values.get(keyword)?.value;
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw wrong(keyword, value, `a whole number from ${min} to ${max}`);
  }
  return number;
}

/** `yes` and `true` give `yes`, `no` and `false` give `no`; other words are returned in lower case. */
export function word(found: Found, keyword: string): string | undefined {
  const value = found.values.get(keyword)?.value.toLowerCase();
  if (value === 'true') return 'yes';
  return value === 'false' ? 'no' : value;
}

const keywordsAsWritten = [
  'Ciphers',
  'ConnectTimeout',
  'ConnectionAttempts',
  'HostKeyAlgorithms',
  'KexAlgorithms',
  'MACs',
  'Port',
  'PubkeyAcceptedAlgorithms',
  'PubkeyAcceptedKeyTypes',
  'ServerAliveCountMax',
  'ServerAliveInterval',
];

export function wrong(keyword: string, value: string, right: string): TypeError {
  const shown = keywordsAsWritten.find((one) => one.toLowerCase() === keyword) ?? keyword;
  return new TypeError(`fromSshConfig: ${shown} ${printable(value)}: ${right} would be right`);
}
