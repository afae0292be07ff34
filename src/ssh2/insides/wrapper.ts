type Method = (...given: unknown[]) => unknown;

/**
 * Functions that take the place of ssh2's methods, made once for each method: those of a prototype are the same for all
 * clients, and a function of its own would cost each of them a hundred bytes. They know their object by `this`.
 */
export class Wrapper<M extends Method> {
  readonly #wrap: (original: M) => M;
  readonly #made = new WeakMap<M, M>();

  constructor(wrap: (original: M) => M) {
    this.#wrap = wrap;
  }

  around(original: M): M {
    let wrapped = this.#made.get(original);
    if (wrapped) return wrapped;
    wrapped = this.#wrap(original);
    this.#made.set(original, wrapped);
    return wrapped;
  }
}
