/** A piece of data on its way, and the callback for when the sender may continue. */
interface Parcel {
  chunk: Buffer;
  due: number;
  done: (() => void) | undefined;
}

/** Speed and latency of a line. */
interface MockPace {
  latencyMs: number;
  bytesPerSecond: number;
}

// A long line has much in flight; a slow one must push back early.
const inFlight = { long: 4 << 20, slow: 64 << 10 };

/** Delivers chunks in order, delayed (latency) and no faster than the line (throttle). */
export class Pacer {
  readonly #queue: Parcel[] = [];
  #queued = 0;
  #lineFreeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void) | undefined;
  readonly #bound: number;
  readonly #pace: MockPace;
  readonly #deliver: (chunk: Buffer) => void;

  constructor(pace: MockPace, deliver: (chunk: Buffer) => void) {
    this.#pace = pace;
    this.#deliver = deliver;
    this.#bound = Number.isFinite(pace.bytesPerSecond) ? inFlight.slow : inFlight.long;
  }

  /** Accepts a chunk; `done` is called when there is room for the next. */
  push(chunk: Buffer, done: () => void): void {
    const piece = Math.max(1, Math.ceil(this.#pace.bytesPerSecond / 50));
    for (let from = 0; from < chunk.length; from += piece) this.#add(chunk.subarray(from, from + piece));
    const last = this.#queue.at(-1);
    if (last && this.#queued > this.#bound) last.done = done;
    else done();
    this.#arm();
  }

  /** Calls `then` once, when everything has been delivered. */
  flush(then: () => void): void {
    if (this.#queue.length === 0) then();
    else this.#whenEmpty = then;
  }

  /** Discards what is in flight. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const parcel of this.#queue.splice(0)) parcel.done?.();
    this.#queued = 0;
    this.#whenEmpty?.();
    this.#whenEmpty = undefined;
  }

  #add(chunk: Buffer): void {
    const start = Math.max(performance.now(), this.#lineFreeAt);
    this.#lineFreeAt = start + (chunk.length / this.#pace.bytesPerSecond) * 1000;
    this.#queue.push({ chunk, due: this.#lineFreeAt + this.#pace.latencyMs, done: undefined });
    this.#queued += chunk.length;
  }

  #arm(): void {
    const head = this.#queue[0];
    if (this.#timer || !head) return;
    this.#timer = setTimeout(() => this.#release(), Math.max(0, head.due - performance.now()));
  }

  #release(): void {
    this.#timer = undefined;
    // A timer may fire a fraction of a millisecond early.
    const now = performance.now() + 0.5;
    while (this.#queue[0] && this.#queue[0].due <= now) {
      const { chunk, done } = this.#queue.shift() as Parcel;
      this.#queued -= chunk.length;
      this.#deliver(chunk);
      done?.();
    }
    if (this.#queue.length > 0) return this.#arm();
    const then = this.#whenEmpty;
    this.#whenEmpty = undefined;
    then?.();
  }
}
