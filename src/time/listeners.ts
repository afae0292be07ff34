/** Listeners that are called once, in the order in which they were added. */
export class Listeners<T> {
  readonly #entries = new Set<{ listener: (value: T) => void }>();

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the way to leave. */
  add(listener: (value: T) => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Calls each listener once, including those added meanwhile, and removes it. */
  tell(value: T): void {
    for (const entry of this.#entries) {
      this.#entries.delete(entry);
      entry.listener(value);
    }
  }
}
