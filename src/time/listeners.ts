/** Those who want to hear of something once, in the order in which they came. */
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

  /** Tells everybody, each once, those too who come meanwhile; who was told has left. */
  tell(value: T): void {
    for (const entry of this.#entries) {
      this.#entries.delete(entry);
      entry.listener(value);
    }
  }
}
