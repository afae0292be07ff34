const shortest = 200;

export const defaultPollInterval = 2_000;

/** How long to wait before the next look: short after a start and after output, longer while nothing happens. */
export class Pace {
  readonly #longest: number;
  #wait: number;

  constructor(longest: number) {
    this.#longest = longest;
    this.#wait = Math.min(shortest, longest);
  }

  /** Milliseconds. */
  next(hadOutput: boolean): number {
    const wait = this.#wait;
    const changed = hadOutput ? wait / 2 : wait * 1.5;
    this.#wait = Math.min(this.#longest, Math.max(shortest, changed));
    return hadOutput ? this.#wait : wait;
  }
}
