import { atMost } from './timer.ts';

/** Work that continues after a call has settled: what it created is removed, what it started is stopped. */
export class Chores {
  #open: Set<Promise<void>> | undefined;

  get size(): number {
    return this.#open?.size ?? 0;
  }

  /** Never rejects; a failed chore is done, too. */
  add(work: Promise<unknown>): void {
    const chore: Promise<void> = work.then(
      () => this.#done(chore),
      () => this.#done(chore),
    );
    this.#open ??= new Set();
    this.#open.add(chore);
  }

  /** Resolves when none is open, when `over` does, or after `ms` milliseconds. */
  async settled(ms: number, over: Promise<void>): Promise<void> {
    await atMost(ms, Promise.race([this.#untilNone(), over]));
  }

  async #untilNone(): Promise<void> {
    while (this.#open && this.#open.size > 0) await Promise.all(this.#open);
  }

  #done(chore: Promise<void>): void {
    this.#open?.delete(chore);
  }
}
