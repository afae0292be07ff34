import { describe, expect, it } from 'vitest';
import { SessionSlots } from '../../src/ssh2/session-slots.ts';

/** A server with a limit of its own, and clients that hold their session until told. */
class Simulation {
  readonly slots: SessionSlots;
  readonly served: number[] = [];
  refusals = 0;
  mostAtOnce = 0;
  #running = 0;
  #maxSessions: number;
  #flying: Array<() => void> = [];
  #ends: Array<() => void> = [];

  constructor(maxSessions: number, slots = new SessionSlots()) {
    this.#maxSessions = maxSessions;
    this.slots = slots;
  }

  ask(id: number, ticket = this.slots.nextTicket()): void {
    this.slots.acquire(ticket, (probe) => this.#flying.push(() => this.#arrives(id, ticket, probe)));
  }

  #arrives(id: number, ticket: number, probe: boolean): void {
    if (this.#running >= this.#maxSessions) {
      this.refusals++;
      if (!this.slots.refused(probe)) this.ask(id, ticket);
      return;
    }
    this.#running++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
    this.served.push(id);
    this.#ends.push(() => {
      this.#running--;
      this.slots.release();
    });
    this.slots.accepted(probe);
  }

  /** All requests that are on their way arrive. */
  land(): void {
    for (const request of this.#flying.splice(0)) request();
  }

  endOne(): void {
    this.#ends.shift()?.();
  }

  runAll(count: number): void {
    for (let id = 0; id < count; id++) this.ask(id);
    for (let turn = 0; this.served.length < count && turn < 10_000; turn++) {
      this.land();
      if (this.slots.open > 0 && this.#flying.length === 0) this.endOne();
    }
    while (this.#ends.length > 0) this.endOne();
  }
}

describe('a crowd of 50 on a server', () => {
  it.each([1, 3, 10])('with MaxSessions %i is served whole, with all sessions in use', (maxSessions) => {
    const simulation = new Simulation(maxSessions);
    simulation.runAll(50);
    expect(simulation.served).toHaveLength(50);
    expect(simulation.mostAtOnce).toBe(maxSessions);
    expect(simulation.slots).toMatchObject({ open: 0, waiting: 0, limit: maxSessions });
    // One for each session that was assumed too many, and one to try a session more.
    expect(simulation.refusals).toBeLessThanOrEqual(10 - maxSessions + 1);
  });

  it('with MaxSessions 100 uses more and more of them', () => {
    const simulation = new Simulation(100);
    for (let id = 0; id < 50; id++) simulation.ask(id);
    for (let turn = 0; turn < 60; turn++) simulation.land();
    expect(simulation.served).toHaveLength(50);
    expect(simulation.mostAtOnce).toBe(50);
  });

  it('never tries more than a limit that was given', () => {
    const simulation = new Simulation(100, new SessionSlots(4, true));
    simulation.runAll(50);
    expect(simulation).toMatchObject({ mostAtOnce: 4, refusals: 0 });
    expect(simulation.slots.limit).toBe(4);
  });
});

describe('the line', () => {
  it('is first come, first served, also for those who were refused', () => {
    const simulation = new Simulation(2);
    simulation.runAll(8);
    expect(simulation.served).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('closes up when somebody leaves it', () => {
    const slots = new SessionSlots(1, true);
    const granted: string[] = [];
    slots.acquire(slots.nextTicket(), () => granted.push('a'));
    const leave = slots.acquire(slots.nextTicket(), () => granted.push('b'));
    slots.acquire(slots.nextTicket(), () => granted.push('c'));
    leave();
    slots.release();
    expect(granted).toEqual(['a', 'c']);
    expect(slots).toMatchObject({ open: 1, waiting: 0 });
  });

  it('lets everybody find out for himself when a server refuses the only session', () => {
    const simulation = new Simulation(0);
    for (let id = 0; id < 20; id++) simulation.ask(id);
    for (let turn = 0; turn < 50; turn++) simulation.land();
    expect(simulation.slots).toMatchObject({ open: 0, waiting: 0 });
    expect(simulation.served).toEqual([]);
  });

  it('goes on when a granted probe was never used', () => {
    const slots = new SessionSlots(1);
    const probes: boolean[] = [];
    const ask = () => slots.acquire(slots.nextTicket(), (probe) => probes.push(probe));
    ask();
    slots.accepted(false);
    ask();
    slots.release(true);
    ask();
    expect(probes).toEqual([false, true, true]);
  });
});
