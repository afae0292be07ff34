import { startTimer } from '../../time/timer.ts';

/** How long (milliseconds) a server is waited for at most, and as which part of a round trip at least. */
const longest = 20;
const part = 1 / 10;
/** From this round trip on (milliseconds), a session that has to be opened first is most of a short command. */
const far = 10;

/**
 * Sessions that have just ended: sshd still counts one of them when it reads the next request together with our CLOSE,
 * or before it has reaped the process.
 */
export class JustEnded {
  readonly #settled: () => void;
  #count = 0;
  /** How long (milliseconds) the server is assumed to take. Learnt from refusals, each of which costs a round trip. */
  #time = 0;
  #roundTrip: number | undefined;

  /** `settled` is called each time when one of them no longer counts. */
  constructor(settled: () => void) {
    this.#settled = settled;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a request that is refused costs more than waiting until the server has noticed an end. */
  get isFar(): boolean {
    return this.#roundTrip !== undefined && this.#roundTrip >= far;
  }

  add(): void {
    this.#count++;
    const settled = () => {
      this.#count--;
      this.#settled();
    };
    const ms = Math.min(longest, Math.max(this.#time, part * (this.#roundTrip ?? 0)));
    // At least until our own CLOSE has left.
    if (ms < 1) setImmediate(settled);
    else startTimer(ms, settled);
  }

  /** The server has refused a session because it still counted one of them. */
  takesLonger(): void {
    this.#time = Math.min(longest, 2 * this.#time + 1);
  }

  /** The server has opened a session `ms` milliseconds after it was asked for. */
  answered(ms: number | undefined): void {
    this.#time *= 0.95;
    if (ms !== undefined) this.#roundTrip = Math.min(this.#roundTrip ?? ms, ms);
  }
}
