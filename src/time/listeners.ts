interface Entry<T> {
  listener: (value: T) => void;
}

/** Listeners that are called once, in the order in which they were added. */
export class Listeners<T> {
  /**
   * Made for the first of them: most places where somebody could listen have nobody. Not a Set: what comes and goes in one
   * makes V8 copy its table again and again, and each old table keeps the next one, with all that is in it, from being
   * collected as garbage while it is young.
   */
  #entries: Array<Entry<T>> | undefined;

  get size(): number {
    return this.#entries?.length ?? 0;
  }

  /** Returns the way to leave. */
  add(listener: (value: T) => void): () => void {
    const entry = { listener };
    // Not `push` to an empty list, which would make room for seventeen.
    if (this.#entries?.length) this.#entries.push(entry);
    else this.#entries = [entry];
    return () => this.#remove(entry);
  }

  /** Calls each listener once, including those added meanwhile, and removes it. */
  tell(value: T): void {
    for (let next = this.#entries?.shift(); next; next = this.#entries?.shift()) next.listener(value);
  }

  /** Who has come last often leaves first. */
  #remove(entry: Entry<T>): void {
    const at = this.#entries?.lastIndexOf(entry) ?? -1;
    if (at !== -1) this.#entries?.splice(at, 1);
  }
}
