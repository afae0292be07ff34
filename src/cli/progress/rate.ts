interface Sample {
  at: number;
  bytes: number;
}

/** Milliseconds over which the speed is averaged: long enough to be steady, short enough to show a stall. */
const span = 5_000;

/** How fast bytes move, over the last seconds. */
export class Rate {
  #samples: Sample[] = [];

  add(bytes: number, at: number): void {
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - this.#samples[1]!.at > span) this.#samples.shift();
  }

  /** Undefined until enough is known. */
  get bytesPerSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 200) return undefined;
    return ((last.bytes - first.bytes) * 1_000) / (last.at - first.at);
  }
}
