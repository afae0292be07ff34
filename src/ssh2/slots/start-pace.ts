import { now, startTimer } from '../../time/timer.ts';
import { isOpenSsh } from '../transport/server-kind.ts';
import type { SessionSlots } from './session-slots.ts';

/** Milliseconds between two commands: about what sshd takes to start one on Linux. */
const apart = 2;

interface Waiter {
  readonly dueAt: number;
  readonly leave: () => void;
}

/**
 * When commands leave that are begun together. sshd starts every command that it finds in one read, one after another,
 * before it sends anything: eight in one packet are all answered when the last has been started, and whoever begins the
 * next command after each answer stays in that step for good. A little apart, each is answered as soon as it has been
 * started. Only for OpenSSH, also for Windows, and only where the line is long: what is near is answered too soon for
 * such steps to form, and other servers may start commands side by side.
 */
export class StartPace {
  readonly #slots: Pick<SessionSlots, 'isFar' | 'answerTime'>;
  readonly #applies: boolean;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** In the order in which they leave, whatever is due: the server may turn out to be nearer. */
  #line: Set<Waiter> | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(slots: Pick<SessionSlots, 'isFar' | 'answerTime'>, serverVersion: string | undefined) {
    this.#slots = slots;
    this.#applies = isOpenSsh(serverVersion);
  }

  get waiting(): number {
    return this.#line?.size ?? 0;
  }

  /**
   * A session for a command or for something else is wanted: returns whether it may be requested at once. If not, it has
   * to wait; the others only as long as commands do, which they would overtake.
   */
  begins(isCommand: boolean): boolean {
    if (this.waiting > 0) return false;
    if (!isCommand || !this.#applies || !this.#slots.isFar) return true;
    const at = now();
    if (at < this.#nextAt) return false;
    this.#nextAt = at + apart;
    return true;
  }

  /**
   * Calls `leave` when it is its turn: after those before it, and never later than a quarter of what the server takes to
   * answer; so many that they would have to wait longer leave together after that time. Returns a function that gives it
   * up.
   */
  wait(leave: () => void): () => void {
    const at = now();
    const dueAt = Math.min(Math.max(at, this.#nextAt), at + this.#slots.answerTime.ms / 4);
    const waiter = { dueAt, leave };
    this.#nextAt = dueAt + apart;
    this.#line ??= new Set();
    this.#line.add(waiter);
    this.#arm();
    return () => {
      this.#line?.delete(waiter);
      if (this.waiting === 0) this.#stop();
    };
  }

  #arm(): void {
    const [first] = this.#line ?? [];
    if (first) this.#stopTimer ??= startTimer(first.dueAt - now(), () => this.#look());
  }

  #look(): void {
    this.#stop();
    // A timer may be up to a millisecond early.
    const soon = now() + 1;
    for (const waiter of this.#line ?? []) {
      if (waiter.dueAt >= soon) break;
      this.#line?.delete(waiter);
      waiter.leave();
    }
    this.#arm();
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
