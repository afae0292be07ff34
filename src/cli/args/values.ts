import { atLeast, type Check, port as checkPort, oneOf, whole } from '../../check/values.ts';
import { wrongAs, wrongRange } from '../../check/wrong.ts';
import { UsageError } from '../usage-error.ts';

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The allowed range of a duration, in milliseconds. */
export interface TimeRange {
  /** Default 1 ms. */
  shortest?: number;
  longest?: number;
  /** Whether `none` is allowed; the option says what it means. Default true. */
  none?: boolean;
}

/** `30` and `30s` are seconds; `500ms`, `5m`, `1h`; `none` means no limit. Returns milliseconds. */
export function duration(
  text: string,
  source: string,
  { shortest = 0, longest = Number.MAX_VALUE, none = true }: TimeRange = {},
): number {
  if (none && /^(none|infinity)$/i.test(text.trim())) return Number.POSITIVE_INFINITY;
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const ms = Number(amount) * units[unit]!;
  if (amount !== undefined && ms >= shortest && ms <= longest) return ms;
  const range = [
    shortest > 0 && amount !== undefined ? ` of at least ${asTime(shortest)}` : '',
    longest < Number.MAX_VALUE ? ` of at most ${asTime(longest)}` : '',
  ]
    .join(' and')
    .replace(/^ and| and$/, '');
  const examples = longest < units['h']! ? '30s, 500ms' : '30s, 500ms, 5m, 1h';
  const right = `a time${range} like ${examples}${none ? ' or none' : ''}`;
  throw wrongValue(source, text, right);
}

/** The inverse: milliseconds as they would be typed. */
export function asTime(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'none';
  if (ms > 1_000 && ms % 100 === 0) return `${ms / 1_000}s`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

export function port(text: string, source: string): number {
  return numberOf(text, source, checkPort);
}

export function wholeNumber(text: string, source: string, lowest: number, highest?: number): number {
  return numberOf(text, source, highest === undefined ? atLeast(lowest) : whole(lowest, highest));
}

export function choice<T extends string>(text: string, source: string, allowed: readonly T[]): T {
  return checked(text as T, source, oneOf(...allowed));
}

function numberOf(text: string, source: string, check: Check): number {
  const isNumber = /^\d+$/.test(text.trim());
  return checked(isNumber ? Number(text) : (text as never), source, check);
}

/** Checks with the library's own check, and words the error for this program. */
function checked<T>(value: T, source: string, check: Check): T {
  try {
    check(source, value);
    return value;
  } catch (error) {
    throw inUsersWords(error as Error);
  }
}

/** The error for a wrong value, worded like the library's own checks. */
export function wrongValue(source: string, text: string, right: string): UsageError {
  return inUsersWords(wrongRange(source, text, right));
}

/** `--port: '0' given; ...`: drops the library's word "option", as the name is already one of this program. */
function inUsersWords({ message }: Error): UsageError {
  return new UsageError(message.replace(/^option /, ''));
}

/** `NAME=VALUE`, as for the environment. */
export function pair(text: string, source: string): [string, string] {
  const at = text.indexOf('=');
  // The value may be a secret, and so may a text without an equals sign.
  if (at <= 0) throw inUsersWords(wrongAs(source, 'no name and value', 'NAME=VALUE'));
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `9001-9020,9100`: single ports and ranges. */
export function portList(text: string, source: string): number[] {
  const ports = text.split(',').flatMap((part) => {
    const [from = '', to = from] = part.trim().split('-');
    const first = port(from, source);
    const last = port(to, source);
    if (last < first) throw wrongValue(source, part.trim(), `the lower port first, ${last}-${first},`);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(ports)];
}
