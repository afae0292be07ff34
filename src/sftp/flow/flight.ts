import { now } from '../../time/timer.ts';

const MiB = 1024 * 1024;
/** Bytes in flight beyond the bandwidth-delay product, so that neither side waits for the other. */
const spare = MiB;
/** Number of rate measurements that are kept. */
const memory = 8;
/** Bytes after the first reply from which the rate is measured even before a round trip has passed. */
const burst = MiB;

/**
 * Limits the bytes of a transfer in flight: requested and not yet stored, or sent and not yet acknowledged. The limit
 * is twice the best recent rate times the shortest round trip, plus a spare. While the limit itself holds the rate
 * down, it doubles with every round trip; once the line is the bottleneck, it stays.
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

  /** The shortest round trip so far, in milliseconds; Infinity before the first reply. */
  get roundTrip(): number {
    return this.#shortest;
  }

  /** Bytes that the line carries in one round trip, as measured so far; 0 before the first measurement. */
  get perRoundTrip(): number {
    return this.#rates.length === 0 ? 0 : Math.max(...this.#rates) * this.#shortest;
  }

  /** Whether another request may be sent, whatever its size. */
  get open(): boolean {
    return this.#inFlight < this.#limit;
  }

  /** Raises the limit: to `start` until the new rate has been measured, and to `ceiling` at most. */
  widen(ceiling: number, start: number): void {
    this.#ceiling = Math.max(this.#ceiling, ceiling);
    this.#start = Math.min(this.#ceiling, Math.max(this.#start, start));
    this.#limit = Math.max(this.#limit, this.#start);
    this.#rates = this.#rates.slice(-1);
  }

  take(bytes: number): void {
    this.#inFlight += bytes;
  }

  /** Removes bytes that were not transferred (a short read), without counting them in the rate. */
  giveBack(bytes: number): void {
    this.#inFlight -= bytes;
  }

  /** Measures the round trip of a request sent at `sentAt`. */
  answered(sentAt: number): void {
    const trip = now() - sentAt;
    if (trip < this.#shortest) this.#shortest = trip;
  }

  /** Removes bytes that were transferred, and measures the rate. */
  done(bytes: number): void {
    this.#inFlight -= bytes;
    const at = now();
    // The first reply only shows the round trip; how closely the others follow shows what the line carries.
    this.#windowStart ??= at;
    this.#windowBytes += bytes;
    const elapsed = at - this.#windowStart;
    const isBurst = this.#rates.length === 0 && this.#windowBytes > burst;
    if (!isBurst && elapsed < Math.max(this.#shortest, 10)) return;
    this.#rates.push(this.#windowBytes / Math.max(elapsed, 1));
    if (this.#rates.length > memory) this.#rates.shift();
    this.#windowStart = at;
    this.#windowBytes = 0;
    // Keep the start value until the rate has been measured over several round trips.
    const least = this.#rates.length < memory / 2 ? this.#start : spare;
    this.#limit = Math.min(this.#ceiling, Math.max(least, spare + 2 * this.perRoundTrip));
  }
}
