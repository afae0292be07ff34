/** A promise with its own switches; the first call wins, later ones do nothing. */
export interface Latch<T> {
  readonly promise: Promise<T>;
  readonly settled: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

// Some are made for each command, and most of their promises are never asked for.
class Switched<T> implements Latch<T> {
  settled = false;
  #promise: Promise<T> | undefined;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #settle: (() => void) | undefined;

  get promise(): Promise<T> {
    this.#promise ??= new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#settle?.();
    });
    return this.#promise;
  }

  resolve(value: T): void {
    this.#end(() => this.#resolve?.(value));
  }

  reject(error: unknown): void {
    this.#end(() => this.#reject?.(error));
  }

  #end(settle: () => void): void {
    if (this.settled) return;
    this.settled = true;
    this.#settle = settle;
    settle();
  }
}

export function latch<T>(): Latch<T> {
  return new Switched<T>();
}
