import type { SshError } from '../../errors/index.ts';
import { startTimer } from '../../time/timer.ts';
import type { PacketPieces } from './splitter.ts';

/** A reply as it came: its type and its pieces, the first of which holds at least the head. */
export interface Reply {
  type: number;
  pieces: PacketPieces;
  length: number;
}

export interface Pending {
  operation: string;
  path: string | undefined;
  settle(error: SshError | undefined, reply: Reply | undefined): void;
}

/** How often the oldest request is checked within the timeout. */
const looks = 4;

/**
 * The requests that wait for a reply. Servers answer in order, so only the oldest request's wait is meaningful; the
 * others wait behind it. There is no timer per request: one timer checks whether the oldest is still the same.
 */
export class PendingRequests {
  #waiting = new Map<number, Pending>();
  #lastId = -1;
  #timeout: number;
  /** While set, no request is overdue: the session is being opened, which has a timeout of its own. */
  isHeld = false;
  #onOverdue: (pending: Pending) => void;
  #stopTimer: (() => void) | undefined;
  #oldest: number | undefined;
  #seen = 0;

  /** `onOverdue` receives a request that has left the table; a late reply to it will be ignored. */
  constructor(timeout: number, onOverdue: (pending: Pending) => void) {
    this.#timeout = timeout;
    this.#onOverdue = onOverdue;
  }

  /** Milliseconds. */
  get timeout(): number {
    return this.#timeout;
  }

  /** What waits has the new time from now on. */
  set timeout(ms: number) {
    this.#timeout = ms;
    if (!this.#stopTimer) return;
    this.#stopTimer();
    this.#oldest = undefined;
    this.#look();
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(pending: Pending): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#waiting.has(this.#lastId));
    this.#waiting.set(this.#lastId, pending);
    if (!this.#stopTimer) this.#look();
    return this.#lastId;
  }

  /** The request that this reply answers; undefined if nobody waits for it. */
  take(id: number): Pending | undefined {
    const pending = this.#waiting.get(id);
    if (pending) this.#waiting.delete(id);
    return pending;
  }

  takeAll(): Pending[] {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    return all;
  }

  #look(): void {
    const [oldest] = this.#waiting.keys();
    this.#seen = oldest === this.#oldest && !this.isHeld ? this.#seen + 1 : 0;
    this.#oldest = oldest;
    this.#stopTimer = undefined;
    if (oldest === undefined) return;
    this.#stopTimer = startTimer(this.#timeout / looks, () => this.#look(), false);
    if (this.#seen < looks) return;
    const overdue = this.take(oldest);
    this.#oldest = undefined;
    if (overdue) this.#onOverdue(overdue);
  }
}
