/** A ring of those who listen; the one without a listener is its beginning and end. */
interface Entry<T> {
  listener: ((value: T) => void) | undefined;
  before: Entry<T>;
  after: Entry<T>;
}

/**
 * Those who want to hear of something once, in the order in which they came. Several come and go with each command. A
 * Set would do, but V8 lets each outgrown table of a Set point to the next one: once the first of them is old, what
 * listened with the later ones is garbage that only a full collection removes.
 */
export class Listeners<T> {
  readonly #ring: Entry<T>;
  #size = 0;

  constructor() {
    const ring = {} as Entry<T>;
    ring.before = ring;
    ring.after = ring;
    this.#ring = ring;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns the way to leave. */
  add(listener: (value: T) => void): () => void {
    const after = this.#ring;
    const entry = { listener, before: after.before, after };
    after.before.after = entry;
    after.before = entry;
    this.#size++;
    return () => this.#remove(entry);
  }

  /** Tells everybody, each once; who was told has left. */
  tell(value: T): void {
    for (let next = this.#ring.after; next.listener; next = this.#ring.after) {
      const { listener } = next;
      this.#remove(next);
      listener(value);
    }
  }

  #remove(entry: Entry<T>): void {
    if (!entry.listener) return;
    this.#size--;
    entry.listener = undefined;
    entry.before.after = entry.after;
    entry.after.before = entry.before;
    // Who has left must not keep those in memory who came later.
    entry.before = entry;
    entry.after = entry;
  }
}
