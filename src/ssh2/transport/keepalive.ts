import { now, startTimer } from '../../time/timer.ts';

/** What the watchdog watches, such as a `Transport`. */
interface Life {
  /** When the peer last showed a sign of life, on the `now()` clock. */
  readonly lastLifeAt: number;
}

/**
 * Declares a peer dead if nothing has come from it for interval x (countMax + 1), during which ssh2 has sent countMax
 * requests (`keepalive@openssh.com`). Any byte received counts as life, and so does progress of a full send buffer:
 * ssh2's own count takes a busy link for a dead one. An interval in which this process was blocked or suspended counts
 * as one, however long it was, as nobody was asked meanwhile. Returns a function that stops the watch.
 */
export function watchLife(
  life: Life,
  { interval, countMax }: { interval: number; countMax: number },
  onDead: (silentMs: number) => void,
): () => void {
  const watch = new LifeWatch(life, interval, countMax, onDead);
  return () => watch.stop();
}

class LifeWatch {
  readonly #life: Life;
  readonly #interval: number;
  readonly #countMax: number;
  readonly #onDead: (silentMs: number) => void;
  #seenAt: number;
  #silentIntervals = 0;
  #stopTimer: (() => void) | undefined;

  constructor(life: Life, interval: number, countMax: number, onDead: (silentMs: number) => void) {
    this.#life = life;
    this.#interval = interval;
    this.#countMax = countMax;
    this.#onDead = onDead;
    this.#seenAt = life.lastLifeAt;
    this.#armAt(this.#seenAt + interval);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #armAt(time: number): void {
    // Reads what has arrived while the event loop was blocked first.
    const judgeLater = () => setImmediate(() => this.#judge());
    this.#stopTimer = startTimer(Math.max(1, time - now()), judgeLater);
  }

  #judge(): void {
    const { lastLifeAt } = this.#life;
    if (this.#stopTimer === undefined) return;
    if (lastLifeAt !== this.#seenAt) {
      this.#seenAt = lastLifeAt;
      this.#silentIntervals = 0;
      return this.#armAt(lastLifeAt + this.#interval);
    }
    this.#silentIntervals++;
    if (this.#silentIntervals > this.#countMax) this.#onDead(now() - this.#seenAt);
    else this.#armAt(now() + this.#interval);
  }
}
