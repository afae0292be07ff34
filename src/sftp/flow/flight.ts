import { now } from '../../time/timer.ts';

const MiB = 1024 * 1024;
/** In flight beside what the round trip needs, so that neither side waits for the other. */
const spare = MiB;
/** How many measurements of the rate are remembered. */
const memory = 8;
/** Bytes after the first answer that show the rate of the line before a round trip has passed. */
const burst = MiB;

/**
 * How many bytes of a transfer may be under way (asked for and not yet written, or sent and not yet acknowledged).
 * Follows the line: twice the best rate seen lately times the shortest round trip, and a spare. While the limit
 * itself holds the rate down, that doubles it with every round trip; once the line does, it stays.
 */
export class Flight {
  #limit: number;
  #ceiling: number;
  #start: number;
  #inFlight = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #rates: number[] = [];
  #windowStart: number | undefined;
  #windowBytes = 0;

  constructor(options: { start: number; ceiling: number }) {
    this.#ceiling = options.ceiling;
    this.#limit = Math.min(options.start, options.ceiling);
    this.#start = this.#limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Milliseconds of the fastest answer yet; Infinity before the first. */
  get roundTrip(): number {
    return this.#shortest;
  }

  /** Bytes that the line carries in one round trip, as far as seen. */
  get perRoundTrip(): number {
    return this.#rates.length === 0 ? 0 : Math.max(...this.#rates) * this.#shortest;
  }

  /** Room for more; always for one request, however large. */
  get open(): boolean {
    return this.#inFlight < this.#limit;
  }

  /** More may be under way than was thought: `start` from now on, until its rate has been seen, and `ceiling` at most. */
  widen(ceiling: number, start: number): void {
    this.#ceiling = Math.max(this.#ceiling, ceiling);
    this.#start = Math.min(this.#ceiling, Math.max(this.#start, start));
    this.#limit = Math.max(this.#limit, this.#start);
    this.#rates = this.#rates.slice(-1);
  }

  take(bytes: number): void {
    this.#inFlight += bytes;
  }

  /** Bytes that came to nothing (a short read); they say nothing about the line. */
  giveBack(bytes: number): void {
    this.#inFlight -= bytes;
  }

  /** An answer to what was sent at `sentAt`. */
  answered(sentAt: number): void {
    const trip = now() - sentAt;
    if (trip < this.#shortest) this.#shortest = trip;
  }

  /** Bytes that are through. */
  done(bytes: number): void {
    this.#inFlight -= bytes;
    const at = now();
    // The first answer ends the wait for a round trip; how closely the others follow shows what the line carries.
    this.#windowStart ??= at;
    this.#windowBytes += bytes;
    const elapsed = at - this.#windowStart;
    const isBurst = this.#rates.length === 0 && this.#windowBytes > burst;
    if (!isBurst && elapsed < Math.max(this.#shortest, 10)) return;
    this.#rates.push(this.#windowBytes / Math.max(elapsed, 1));
    if (this.#rates.length > memory) this.#rates.shift();
    this.#windowStart = at;
    this.#windowBytes = 0;
    // The start is kept until a rate has been seen over several round trips.
    const least = this.#rates.length < memory / 2 ? this.#start : spare;
    this.#limit = Math.min(this.#ceiling, Math.max(least, spare + 2 * this.perRoundTrip));
  }
}
