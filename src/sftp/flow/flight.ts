import { now } from '../../time/timer.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** Bytes in flight beyond the bandwidth-delay product, so that neither side waits for the other. */
const spare = MiB;
/**
 * Bytes per millisecond of round trip, and at least, that are enough on a line before its rate has been measured. What is
 * sent beyond them only waits at the server, where OpenSSH copies all that waits whenever more comes (sshbuf.c
 * `sshbuf_allocate`): for a full window of 2 MiB, 70 MiB.
 */
const nearLine = { rate: 128 * KiB, least: 256 * KiB };
/** Requests that are under way at once, at least. */
const requestsAtOnce = 4;
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
  /** What is enough at the shortest round trip known, beyond what the line was seen to carry. */
  #enough: number;
  #inFlight = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #rates: number[] = [];
  #windowStart: number | undefined;
  #windowBytes = 0;

  /** `nearBy`: the round trip in milliseconds, if no more is to be in flight than a line with it needs; else undefined or 0. */
  constructor(options: { start: number; ceiling: number; nearBy?: number | undefined }) {
    this.#ceiling = options.ceiling;
    this.#enough = enoughFor(options.nearBy || Number.POSITIVE_INFINITY);
    this.#start = Math.min(options.start, options.ceiling, this.#enough);
    this.#limit = this.#start;
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

  /** The size in bytes up to which several requests fit; a power of two, or Infinity. */
  get requestSize(): number {
    return 2 ** Math.floor(Math.log2(this.#enough / requestsAtOnce));
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
    if (trip >= this.#shortest) return;
    this.#shortest = trip;
    if (this.#enough === Number.POSITIVE_INFINITY) return;
    this.#enough = Math.min(this.#enough, enoughFor(trip));
    if (this.#rates.length > 0) return;
    this.#start = Math.min(this.#start, this.#enough);
    this.#limit = Math.min(this.#limit, this.#enough);
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
    const extra = Math.min(this.#enough, spare);
    const least = this.#rates.length < memory / 2 ? this.#start : extra;
    this.#limit = Math.min(this.#ceiling, Math.max(least, extra + 2 * this.perRoundTrip));
  }
}

function enoughFor(roundTrip: number): number {
  return Math.max(nearLine.least, roundTrip * nearLine.rate);
}
