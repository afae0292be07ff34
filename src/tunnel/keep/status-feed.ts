/** More than any active reader lags behind; beyond this number, the oldest are dropped. */
const maxBehind = 100;

/** A changing value with any number of readers: each receives the current value and then every change. */
export class StatusFeed<T> implements AsyncIterable<T> {
  #current: T;
  #ended = false;
  #readers = new Set<(value: T | undefined) => void>();

  constructor(first: T) {
    this.#current = first;
  }

  get current(): T {
    return this.#current;
  }

  /** Current number of readers; a test asserts that this returns to zero. */
  get readers(): number {
    return this.#readers.size;
  }

  set(value: T): void {
    this.#current = value;
    for (const tell of this.#readers) tell(value);
  }

  /** Keeps the last value; readers end after it. */
  end(): void {
    this.#ended = true;
    for (const tell of this.#readers) tell(undefined);
    this.#readers.clear();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const queue: T[] = [this.#current];
    let ended = this.#ended;
    let wake = () => {};
    const tell = (value: T | undefined) => {
      if (value === undefined) ended = true;
      else queue.push(value);
      if (queue.length > maxBehind) queue.shift();
      wake();
    };
    if (!ended) this.#readers.add(tell);
    try {
      for (;;) {
        const next = queue.shift();
        if (next !== undefined) yield next;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#readers.delete(tell);
    }
  }
}
