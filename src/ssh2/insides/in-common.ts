/** Programs meet a few different servers; the oldest are forgotten first. */
const most = 20;

/** Values that many connections have in common, such as what a server calls itself: each is kept once. */
export class InCommon<T> {
  #known: readonly T[] = [];
  readonly #isSame: (one: T, other: T) => boolean;
  readonly #kept: (value: T) => T;

  /** `kept` makes what is kept of a value: without what it is a part of. */
  constructor(isSame: (one: T, other: T) => boolean, kept: (value: T) => T = (value) => value) {
    this.#isSame = isSame;
    this.#kept = kept;
  }

  /** The same value, which other connections may hold too. */
  of(value: T): T {
    const known = this.#known.find((one) => this.#isSame(one, value));
    if (known !== undefined) return known;
    const kept = this.#kept(value);
    this.#known = [...this.#known, kept].slice(-most);
    return kept;
  }
}
