import type { Grant, SlotWaiter } from './session-rules.ts';

/** Who waits for a session, in the order of their tickets. */
export class WaitingLine {
  readonly #waiters: SlotWaiter[] = [];
  #tickets = 0;

  get length(): number {
    return this.#waiters.length;
  }

  /** A place in the line; a request that is refused comes back with the same one. */
  nextTicket(): number {
    return this.#tickets++;
  }

  join(ticket: number, grant: Grant): SlotWaiter {
    const waiter = { ticket, grant };
    const behind = this.#waiters.findIndex((other) => other.ticket > ticket);
    this.#waiters.splice(behind === -1 ? this.#waiters.length : behind, 0, waiter);
    return waiter;
  }

  has(waiter: SlotWaiter): boolean {
    return this.#waiters.includes(waiter);
  }

  leave(waiter: SlotWaiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at !== -1) this.#waiters.splice(at, 1);
  }

  next(): SlotWaiter | undefined {
    return this.#waiters.shift();
  }
}
