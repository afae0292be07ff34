import { printable } from '../../text/printable.ts';
import type { Found } from './lookup.ts';

const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** OpenSSH's time: seconds, or `1h30m`. Milliseconds; undefined when it is not set, or set to `none`. */
export function milliseconds(found: Found, keyword: string): number | undefined {
  const value = found.values.get(keyword)?.value;
  if (value === undefined || value.toLowerCase() === 'none') return undefined;
  const parts = [...value.matchAll(/(\d+)([smhdw]?)/gi)];
  // Parts that leave nothing out are the whole: one expression for that would try every way to cut a long number.
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

/** `yes` and `true`, `no` and `false`; other words as they are, in lower case. */
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
