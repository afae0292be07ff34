/** Listeners that are called once, in the order in which they were added. */
export class Listeners<T> {
  /** Made for the first of them: most places where somebody could listen have nobody. */
  #entries: Set<{ listener: (value: T) => void }> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** Returns the way to leave. */
  add(listener: (value: T) => void): () => void {
    const entry = { listener };
    this.#entries ??= new Set();
    this.#entries.add(entry);
    return () => {
      this.#entries?.delete(entry);
    };
  }

  /** Calls each listener once, including those added meanwhile, and removes it. */
  tell(value: T): void {
    for (const entry of this.#entries ?? []) {
      this.#entries?.delete(entry);
      entry.listener(value);
    }
  }
}
