import { startTimer } from '../../time/timer.ts';
import type { SessionSlots } from '../slots/session-slots.ts';
import type { HeldSlot } from './opening.ts';

/**
 * The answer to a request that was given up may still come, so its slot stays taken for a while; but not for ever, or ten
 * requests that a server never answers would end the use of the connection. No CLOSE is sent: a command that starts
 * late is stopped by a signal, which needs an open session.
 */
export class LateAnswer {
  readonly #slots: SessionSlots;
  readonly #slot: HeldSlot;
  readonly #stopTimer: () => void;
  #isOverdue = false;

  /** The request is given up. If its answer does not come within `ms` milliseconds either, its slot is free. */
  constructor(slots: SessionSlots, slot: HeldSlot, ms: number) {
    this.#slots = slots;
    this.#slot = slot;
    this.#stopTimer = startTimer(ms, () => this.#free(), false);
  }

  /** Called when the server has answered, before the slots are told what. */
  came(): void {
    this.#stopTimer();
    if (this.#isOverdue) this.#slots.countsAgain(this.#slot.ahead !== undefined);
  }

  #free(): void {
    const { ahead, probe } = this.#slot;
    this.#isOverdue = true;
    // A late answer proves nothing about the limit.
    this.#slot.probe = false;
    if (ahead) this.#slots.release();
    else this.#slots.giveBack(probe);
  }
}
