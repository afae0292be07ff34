/** Milliseconds. */
const shortest = 200;

/** Milliseconds. */
export const defaultPollInterval = 2_000;

/** The wait before the next poll: short after the start and after output, longer while nothing happens. */
export class Pace {
  readonly #longest: number;
  #wait: number;

  constructor(longest: number) {
    this.#longest = longest;
    this.#wait = Math.min(shortest, longest);
  }

  /** The next wait, in milliseconds. */
  next(hadOutput: boolean): number {
    const wait = this.#wait;
    const changed = hadOutput ? wait / 2 : wait * 1.5;
    this.#wait = Math.min(this.#longest, Math.max(shortest, changed));
    return hadOutput ? this.#wait : wait;
  }
}
