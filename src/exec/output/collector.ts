/** Small chunks are joined in groups of this many: each Buffer costs about 100 bytes and keeps its packet in memory. */
const group = 256;
const smallBytes = 4_096;

const nothing = Buffer.alloc(0);

/** Keeps the first `limit` bytes of a stream. */
export class Collector {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #recent: Buffer[] = [];
  #recentBytes = 0;
  #kept = 0;
  #dropped = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether anything was dropped. */
  get truncated(): boolean {
    return this.#dropped;
  }

  /** Returns false if `chunk` could not be kept entirely. */
  add(chunk: Buffer): boolean {
    const room = this.#limit - this.#kept;
    const fits = chunk.length <= room;
    if (!fits) this.#dropped = true;
    if (room > 0) this.#keep(fits ? chunk : chunk.subarray(0, room));
    return fits;
  }

  bytes(): Buffer {
    if (this.#kept === 0) return nothing;
    const all = [...this.#chunks, ...this.#recent];
    const whole = all.length === 1 ? all[0]! : Buffer.concat(all, this.#kept);
    this.#chunks = [whole];
    this.#recent = [];
    this.#recentBytes = 0;
    return whole;
  }

  #keep(chunk: Buffer): void {
    this.#kept += chunk.length;
    this.#recent.push(chunk);
    this.#recentBytes += chunk.length;
    if (this.#recent.length < group) return;
    if (this.#recentBytes < group * smallBytes) this.#chunks.push(Buffer.concat(this.#recent));
    else this.#chunks.push(...this.#recent);
    this.#recent = [];
    this.#recentBytes = 0;
  }
}
