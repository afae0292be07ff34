import { quoted } from '../../text/printable.ts';
import { UsageError } from '../usage-error.ts';

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What a time may be, in milliseconds. */
export interface TimeRange {
  /** Default 1 ms. */
  shortest?: number;
  longest?: number;
  /** What `none` means is said by the option; where it means nothing it is refused. Default true. */
  none?: boolean;
}

/** `30` and `30s` are seconds; `500ms`, `5m`, `1h`; `none` is no limit. In milliseconds. */
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
    shortest > 0 && amount !== undefined ? ` of at least ${shown(shortest)}` : '',
    longest < Number.MAX_VALUE ? ` of at most ${shown(longest)}` : '',
  ]
    .join(' and')
    .replace(/^ and| and$/, '');
  throw new UsageError(
    `${source} must be a time${range} like 30s, 500ms, 5m, 1h${none ? ' or none' : ''}, not ${quoted(text, 40)}`,
  );
}

function shown(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

export function port(text: string, source: string): number {
  return wholeNumber(text, source, 1, 65_535);
}

export function wholeNumber(
  text: string,
  source: string,
  lowest: number,
  highest = Number.MAX_SAFE_INTEGER,
): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= lowest && value <= highest) return value;
  const range = highest === Number.MAX_SAFE_INTEGER ? `${lowest} or more` : `${lowest} to ${highest}`;
  throw new UsageError(`${source} must be a whole number, ${range}, not ${quoted(text, 40)}`);
}

export function choice<T extends string>(text: string, source: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) {
    throw new UsageError(`${source} must be one of ${allowed.join(', ')}, not ${quoted(text, 40)}`);
  }
  return found;
}

/** `NAME=VALUE`, as for the environment. */
export function pair(text: string, source: string): [string, string] {
  const at = text.indexOf('=');
  // The value may be a secret, and what has no = may be one, too.
  if (at <= 0) throw new UsageError(`${source} must be NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `9001-9020,9100`: single ports and ranges. */
export function portList(text: string, source: string): number[] {
  const ports = text.split(',').flatMap((part) => {
    const [from = '', to = from] = part.trim().split('-');
    const first = port(from, source);
    const last = port(to, source);
    if (last < first) throw new UsageError(`${source}: ${first}-${last} goes backwards`);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(ports)];
}
