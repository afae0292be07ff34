import { describe, expect, it, vi } from 'vitest';
import { SessionSlots } from '../../src/ssh2/channels/session-slots.ts';

/** Asks for `count` sessions; those that were granted, in order. */
function ask(slots: SessionSlots, count: number) {
  const granted: Array<{ number: number; probe: boolean }> = [];
  const leave = Array.from({ length: count }, (_, number) =>
    slots.acquire(slots.nextTicket(), (probe) => granted.push({ number, probe })),
  );
  return { granted, leave };
}

describe('sessions', () => {
  it('are granted at once up to the limit, then one more as a try', () => {
    const slots = new SessionSlots(3);
    const { granted } = ask(slots, 10);
    expect(granted.map(({ probe }) => probe)).toEqual([false, false, false, true]);
    expect(slots).toMatchObject({ open: 4, waiting: 6, limit: 3, spare: 0 });
  });

  it('can be tried beyond the limit by who needs none now, one at a time, while nobody waits', () => {
    const slots = new SessionSlots(2);
    expect(slots.takeProbe()).toBe(false);
    ask(slots, 2);
    expect(slots.takeProbe()).toBe(true);
    expect(slots.takeProbe()).toBe(false);
    // Whatever ends meanwhile: the server has seen three.
    slots.release();
    slots.accepted(true);
    expect(slots).toMatchObject({ open: 2, limit: 3, isLimitKnown: false });
    ask(slots, 1);
    expect(slots.takeProbe()).toBe(true);
    slots.refused(true);
    expect(slots).toMatchObject({ open: 3, limit: 3, isLimitKnown: true });
    expect(slots.takeProbe()).toBe(false);
    ask(slots, 1);
    expect(slots.waiting).toBe(1);
  });

  it('keep their limit when a try is refused, also where most of them have ended meanwhile', () => {
    const slots = new SessionSlots(5);
    ask(slots, 5);
    expect(slots.takeProbe()).toBe(true);
    for (let ended = 0; ended < 5; ended++) slots.release();
    expect(slots.refused(true)).toBe(false);
    expect(slots).toMatchObject({ open: 0, limit: 5, isLimitKnown: true });
  });

  it('are never tried beyond a limit that was given', () => {
    const slots = new SessionSlots(3, true);
    const { granted } = ask(slots, 10);
    expect(granted).toHaveLength(3);
    slots.release();
    expect(granted).toHaveLength(4);
    expect(slots.open).toBe(3);
  });

  it('raise the limit when the try succeeds, one by one', () => {
    const slots = new SessionSlots(2);
    const { granted } = ask(slots, 6);
    for (let round = 0; round < 3; round++) slots.accepted(true);
    expect(slots.limit).toBe(5);
    expect(granted).toHaveLength(6);
  });

  it('lower the limit to what was open when one is refused, and then are believed', () => {
    const slots = new SessionSlots(10);
    const { granted } = ask(slots, 6);
    for (let at = 0; at < 4; at++) slots.accepted(false);
    expect(slots.refused(false)).toBe(false);
    expect(slots.refused(false)).toBe(false);
    expect(slots).toMatchObject({ limit: 4, open: 4 });
    const more = ask(slots, 2);
    expect(more.granted).toHaveLength(0);
    slots.release();
    expect(more.granted).toHaveLength(1);
    expect(granted).toHaveLength(6);
  });

  it('teach nothing when the only one is refused', () => {
    const slots = new SessionSlots(10);
    ask(slots, 1);
    expect(slots.refused(false)).toBe(true);
    expect(slots).toMatchObject({ limit: 10, open: 0 });
  });

  it('are granted in the order of the asking, also to one who was refused and comes back', () => {
    const slots = new SessionSlots(1, true);
    const order: string[] = [];
    const first = slots.nextTicket();
    slots.acquire(first, () => order.push('first'));
    for (const name of ['second', 'third']) slots.acquire(slots.nextTicket(), () => order.push(name));
    slots.release();
    slots.acquire(first, () => order.push('first again'));
    slots.release();
    slots.release();
    expect(order).toEqual(['first', 'second', 'first again', 'third']);
  });

  it('are not granted to one who has left the line', () => {
    const slots = new SessionSlots(1, true);
    const { granted, leave } = ask(slots, 3);
    leave[1]?.();
    leave[1]?.();
    slots.release();
    expect(granted.map(({ number }) => number)).toEqual([0, 2]);
    expect(slots.waiting).toBe(0);
  });

  it('try one more again when the refusal is old', () => {
    vi.useFakeTimers();
    const slots = new SessionSlots(10);
    ask(slots, 3);
    slots.accepted(false);
    slots.accepted(false);
    slots.refused(false);
    const { granted } = ask(slots, 1);
    expect(granted).toHaveLength(0);
    vi.advanceTimersByTime(60_001);
    const later = ask(slots, 1);
    expect([...granted, ...later.granted].filter(({ probe }) => probe)).toHaveLength(1);
    vi.useRealTimers();
  });

  it('count right over thousands of grants, refusals and releases', () => {
    const serverLimit = 7;
    const slots = new SessionSlots(10);
    let held = 0;
    let done = 0;
    let most = 0;
    const total = 2_000;
    const begin = (ticket: number) =>
      slots.acquire(ticket, (probe) => {
        queueMicrotask(() => {
          if (held >= serverLimit) {
            slots.refused(probe);
            return begin(ticket);
          }
          most = Math.max(most, ++held);
          slots.accepted(probe);
          setImmediate(() => {
            held--;
            done++;
            slots.release();
          });
          return undefined;
        });
      });
    for (let at = 0; at < total; at++) begin(slots.nextTicket());
    return vi.waitFor(() => {
      expect(done).toBe(total);
      expect(slots).toMatchObject({ open: 0, waiting: 0 });
      expect(most).toBe(serverLimit);
    });
  });
});
