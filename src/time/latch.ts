/** A promise with its own switches; the first call wins, later ones do nothing. */
export interface Latch<T> {
  readonly promise: Promise<T>;
  readonly settled: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

type Settled<T> = { value: T } | { error: unknown };

// Some are made for each command, and most of their promises are never asked for.
class Switched<T> implements Latch<T> {
  #end: Settled<T> | undefined;
  #promise: Promise<T> | undefined;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  get settled(): boolean {
    return this.#end !== undefined;
  }

  get promise(): Promise<T> {
    this.#promise ??= this.#made();
    return this.#promise;
  }

  resolve(value: T): void {
    if (this.#end) return;
    this.#end = { value };
    this.#resolve?.(value);
  }

  reject(error: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    this.#reject?.(error);
  }

  #made(): Promise<T> {
    const end = this.#end;
    if (end) return 'value' in end ? Promise.resolve(end.value) : Promise.reject(end.error);
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }
}

export function latch<T>(): Latch<T> {
  return new Switched<T>();
}
