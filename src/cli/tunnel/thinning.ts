import type { TunnelEvent } from '../library.ts';

/** What was left out before an event. */
export interface LeftOut {
  /** Events like this one since the last line about them; for `up`: attempts that failed. */
  count: number;
  /** Milliseconds in which they happened. */
  ms: number;
}

interface LastLine {
  /** When a line was last written. */
  at: number;
  /** Milliseconds after that line for which further ones are left out. */
  gap: number;
  leftOut: number;
}

const firstGap = 60_000;
const longestGap = 3_600_000;

/**
 * A gateway that is down makes the tunnel fail twice a minute, or twice a second, for a whole weekend; the first cause
 * must not be pushed out of the log. While the tunnel is down, what is new is logged at once, then at growing
 * intervals, a minute to an hour, with the number of occurrences since. Rare events are always logged.
 */
export class Thinning {
  readonly #seen = new Map<string, LastLine>();
  #failures = 0;
  #failingSince = 0;

  /** What was left out before this event, if it is to be logged; undefined if it is to be left out. */
  pass(event: TunnelEvent): LeftOut | undefined {
    const at = event.at.getTime();
    if (event.type === 'waiting') this.#count(at);
    if (event.type === 'up') return this.#recovered(at);
    const key = keyOf(event);
    if (key === undefined) return { count: 0, ms: 0 };
    const seen = this.#seen.get(key);
    if (!seen) {
      this.#seen.set(key, { at, gap: firstGap, leftOut: 0 });
      return { count: 0, ms: 0 };
    }
    // After the first one, the start of an attempt is not logged; how it ends is.
    if (event.type === 'connecting' || at - seen.at < seen.gap) {
      seen.leftOut++;
      return undefined;
    }
    const leftOut = { count: seen.leftOut, ms: at - seen.at };
    Object.assign(seen, { at, gap: Math.min(2 * seen.gap, longestGap), leftOut: 0 });
    return leftOut;
  }

  #count(at: number): void {
    if (this.#failures === 0) this.#failingSince = at;
    this.#failures++;
  }

  #recovered(at: number): LeftOut {
    const found = { count: this.#failures, ms: this.#failures === 0 ? 0 : at - this.#failingSince };
    this.#seen.clear();
    this.#failures = 0;
    return found;
  }
}

/** Identifies repetitions; undefined for what is always logged. */
function keyOf(event: TunnelEvent): string | undefined {
  if (event.type === 'connecting' || event.type === 'connected') return event.type;
  if (event.type !== 'waiting' && event.type !== 'port-taken') return undefined;
  return `${event.type} ${(event.error as { code?: string }).code ?? event.error.message}`;
}
