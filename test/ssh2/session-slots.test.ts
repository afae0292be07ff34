import { afterEach, describe, expect, it, vi } from 'vitest';
import { SessionSlots } from '../../src/ssh2/slots/session-slots.ts';

/** Asks for `count` sessions; those that were granted, in order. Each is requested when it is granted. */
function ask(slots: SessionSlots, count: number) {
  const granted: Array<{ number: number; probe: boolean }> = [];
  const leave = Array.from({ length: count }, (_, number) =>
    slots.acquire(slots.nextTicket(), (probe) => {
      granted.push({ number, probe });
      slots.requested(probe);
    }),
  );
  return { granted, leave };
}

describe('sessions', () => {
  it('are granted at once up to the limit, then one more as a probe', () => {
    const slots = new SessionSlots({ limit: 3 });
    const { granted } = ask(slots, 10);
    expect(granted.map(({ probe }) => probe)).toEqual([false, false, false, true]);
    expect(slots).toMatchObject({ open: 4, waiting: 6, limit: 3, spare: 0 });
  });

  it('are not available if all are open, even if nothing waits', () => {
    const slots = new SessionSlots({ takesSeveral: true, limit: 2 });
    ask(slots, 1);
    expect(slots.spare).toBe(1);
    ask(slots, 1);
    expect(slots).toMatchObject({ open: 2, waiting: 0, spare: 0 });
  });

  it('keep their limit if a probe is refused, even if most of them have ended meanwhile', () => {
    const slots = new SessionSlots({ limit: 5 });
    ask(slots, 6);
    for (let opened = 0; opened < 5; opened++) slots.accepted(false);
    for (let ended = 0; ended < 5; ended++) slots.release();
    expect(slots.refused(true)).toBe(false);
    expect(slots).toMatchObject({ open: 0, limit: 5, isLimitKnown: true });
  });

  describe('of a server that may not accept a second one', () => {
    afterEach(() => vi.useRealTimers());

    it('are not available while a session is being closed, nor if the server is assumed to accept one', () => {
      const slots = new SessionSlots({ takesSeveral: false, limit: 5 });
      expect(slots.spare).toBe(0);
      const settling = new SessionSlots({ takesSeveral: true, limit: 2 });
      ask(settling, 2);
      settling.accepted(false);
      settling.accepted(false);
      ask(settling, 1);
      expect(settling.refused(true)).toBe(false);
      settling.release();
      ask(settling, 1);
      expect(settling).toMatchObject({ waiting: 1, open: 1, limit: 2, spare: 0 });
    });

    it('are granted one at a time as long as they come and go', () => {
      vi.useFakeTimers();
      const slots = new SessionSlots({ takesSeveral: false });
      const { granted } = ask(slots, 10);
      for (let round = 1; round < 10; round++) {
        expect(granted).toHaveLength(round);
        vi.advanceTimersByTime(1_000);
        slots.accepted(false);
        vi.advanceTimersByTime(1_900);
        slots.release();
      }
      expect(granted.every(({ probe }) => !probe)).toBe(true);
    });

    it('are two after a while without change, and as many as usual if that is accepted', () => {
      vi.useFakeTimers();
      const slots = new SessionSlots({ takesSeveral: false });
      const { granted } = ask(slots, 20);
      slots.accepted(false);
      vi.advanceTimersByTime(1_999);
      expect(granted).toHaveLength(1);
      vi.advanceTimersByTime(1);
      expect(granted.map(({ probe }) => probe)).toEqual([false, true]);
      vi.advanceTimersByTime(60_000);
      expect(granted).toHaveLength(2);
      slots.accepted(true);
      expect(slots).toMatchObject({ limit: 10, takesSeveral: true });
      expect(granted.filter(({ probe }) => !probe)).toHaveLength(9);
    });

    it('are two at once if maxSessions is set', () => {
      const slots = new SessionSlots({ takesSeveral: false, most: 2 });
      expect(ask(slots, 3).granted).toHaveLength(2);
    });
  });

  it('are never probed beyond a given limit', () => {
    const slots = new SessionSlots({ most: 3 });
    const { granted } = ask(slots, 10);
    expect(granted).toHaveLength(3);
    slots.release();
    expect(granted).toHaveLength(4);
    expect(slots.open).toBe(3);
  });

  it('raise the limit by one with each successful probe', () => {
    const slots = new SessionSlots({ limit: 2 });
    const { granted } = ask(slots, 6);
    for (let round = 0; round < 5; round++) slots.accepted(round > 1);
    expect(slots.limit).toBe(5);
    expect(granted).toHaveLength(6);
  });

  it('lower the limit to the number open when one is refused, which is then trusted', async () => {
    const slots = new SessionSlots({ limit: 10 });
    const { granted } = ask(slots, 6);
    for (let at = 0; at < 4; at++) slots.accepted(false);
    expect(slots.refused(false)).toBe(false);
    expect(slots.refused(false)).toBe(false);
    expect(slots).toMatchObject({ limit: 4, open: 4 });
    const more = ask(slots, 2);
    expect(more.granted).toHaveLength(0);
    slots.release();
    // Not in the packet that tells the server of the end.
    expect(more.granted).toHaveLength(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(more.granted).toHaveLength(1);
    expect(granted).toHaveLength(6);
  });

  it('do not change the limit if the only one is refused', () => {
    const slots = new SessionSlots({ limit: 10 });
    ask(slots, 1);
    expect(slots.refused(false)).toBe(true);
    expect(slots).toMatchObject({ limit: 10, open: 0 });
  });

  it('are granted in the order of requests, also after a refusal', () => {
    const slots = new SessionSlots({ most: 1 });
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

  it.each([1, 2, 3, 4, 5, 6])(
    'are granted later even if the pause ends while it is looked at (%i)',
    (jumpAt) => {
      vi.useFakeTimers();
      const fakeNow = performance.now.bind(performance);
      let reads = -1_000;
      const clock = vi
        .spyOn(performance, 'now')
        .mockImplementation(() => fakeNow() + (++reads < jumpAt ? 0 : 1_000));
      const slots = new SessionSlots({ takesSeveral: true, limit: 1 });
      ask(slots, 2);
      slots.accepted(false);
      slots.refused(true);
      reads = 0;
      const { granted } = ask(slots, 1);
      vi.advanceTimersByTime(2_000);
      clock.mockRestore();
      vi.useRealTimers();
      expect(granted).toHaveLength(1);
    },
  );

  it('are not granted to a request that was withdrawn', () => {
    const slots = new SessionSlots({ most: 1 });
    const { granted, leave } = ask(slots, 3);
    leave[1]?.();
    leave[1]?.();
    slots.release();
    expect(granted.map(({ number }) => number)).toEqual([0, 2]);
    expect(slots.waiting).toBe(0);
  });

  describe('beyond the assumed limit', () => {
    afterEach(() => vi.useRealTimers());

    /** Three are open, of which the server has shown that it allows as many; others wait. */
    function crowded() {
      vi.useFakeTimers();
      const slots = new SessionSlots({ limit: 10 });
      ask(slots, 4);
      for (let opened = 0; opened < 3; opened++) slots.accepted(false);
      slots.refused(false);
      const { granted } = ask(slots, 20);
      return { slots, granted };
    }

    it('are probed again within a second, and less and less often while refused', () => {
      const { slots, granted } = crowded();
      const tries: number[] = [];
      for (let second = 1; second <= 60; second++) {
        vi.advanceTimersByTime(1_000);
        if (granted.length === 0) continue;
        expect(granted).toMatchObject([{ probe: true }]);
        tries.push(second);
        granted.pop();
        slots.refused(true);
      }
      expect(tries.slice(0, 4)).toEqual([1, 2, 3, 4]);
      expect(tries.length).toBeLessThan(12);
      expect(slots.limit).toBe(3);
    });

    it('are granted as soon as one more is allowed, however many were refused before', () => {
      const { slots, granted } = crowded();
      vi.advanceTimersByTime(1_000);
      slots.accepted(true);
      expect(granted.map(({ probe }) => probe)).toEqual([true, true]);
      expect(slots.limit).toBe(4);
    });

    it('are probed within milliseconds if the server has allowed as many before', () => {
      const { slots, granted } = crowded();
      // One ends, and the server has not noticed when the next is asked for.
      slots.release();
      vi.advanceTimersByTime(1);
      expect(granted).toMatchObject([{ probe: false }]);
      slots.refused(false);
      expect(slots.limit).toBe(2);
      vi.advanceTimersByTime(20);
      expect(granted).toMatchObject([{ probe: false }, { probe: true }]);
      slots.accepted(true);
      expect(slots).toMatchObject({ limit: 3, open: 3 });
    });

    it('wait longer after an end if the server was slow to notice', () => {
      const { slots, granted } = crowded();
      for (let round = 0; round < 3; round++) {
        slots.release();
        vi.advanceTimersByTime(10);
        slots.refused(granted.pop()?.probe === true);
        vi.advanceTimersByTime(100);
        slots.accepted(granted.pop()?.probe === true);
      }
      granted.length = 0;
      slots.release();
      vi.advanceTimersByTime(2);
      expect(granted).toHaveLength(0);
      vi.advanceTimersByTime(300);
      expect(granted).not.toHaveLength(0);
    });

    it('are not requested by an empty queue', () => {
      vi.useFakeTimers();
      const slots = new SessionSlots({ limit: 10 });
      ask(slots, 2);
      slots.accepted(false);
      slots.refused(false);
      const { leave } = ask(slots, 1);
      expect(vi.getTimerCount()).toBe(1);
      leave[0]?.();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  describe('of a server that is far away', () => {
    afterEach(() => vi.useRealTimers());

    /** It answers after 50 ms and is believed to allow `limit`; as many are open. */
    function far(limit: number, ms = 50) {
      vi.useFakeTimers();
      const slots = new SessionSlots({ takesSeveral: true, limit });
      ask(slots, limit);
      vi.advanceTimersByTime(ms);
      for (let n = 0; n < limit; n++) slots.accepted(false);
      return slots;
    }

    function accepts(slots: SessionSlots) {
      vi.advanceTimersByTime(50);
      slots.accepted(true);
    }

    it('may be one more than is believed, one at a time, until one is refused', () => {
      const slots = far(4);
      expect(slots.take()).toBe(false);
      expect(slots.takeBeyond()).toBe(true);
      expect(slots.takeBeyond()).toBe(false);
      vi.advanceTimersByTime(50);
      slots.accepted(true);
      expect(slots).toMatchObject({ limit: 5, seen: 5 });
      expect(slots.takeBeyond()).toBe(true);
      expect(slots.refused(true)).toBe(false);
      expect(slots).toMatchObject({ limit: 5, open: 5, isLimitKnown: true });
      vi.advanceTimersByTime(60_000);
      expect(slots.takeBeyond()).toBe(false);
    });

    it('may be two more at once when one was accepted, of which one that is refused does not count for the other', () => {
      const slots = far(4);
      slots.takeBeyond();
      accepts(slots);
      expect([slots.takeBeyond(), slots.takeBeyond(), slots.takeBeyond()]).toEqual([true, true, false]);
      accepts(slots);
      expect([slots.takeBeyond(), slots.takeBeyond(), slots.takeBeyond()]).toEqual([true, true, false]);
      expect(slots).toMatchObject({ seen: 6, open: 9 });
      slots.refused(true);
      expect(slots.takeBeyond()).toBe(false);
      slots.release();
      accepts(slots);
      // Of nine that were asked for, one was refused, and one is not answered.
      expect(slots).toMatchObject({ seen: 7, limit: 7 });
      slots.giveBack(true);
      expect(slots.open).toBe(6);
    });

    it('may wait in line for several more at once, as long as none was refused', () => {
      const slots = far(4);
      const { granted } = ask(slots, 8);
      expect(granted).toHaveLength(1);
      accepts(slots);
      expect(granted).toHaveLength(3);
      accepts(slots);
      accepts(slots);
      expect(granted).toHaveLength(7);
      slots.refused(true);
      slots.refused(true);
      vi.advanceTimersByTime(900);
      expect(granted).toHaveLength(7);
    });

    it('prove no more than is still open when they are requested, however long ago they were granted', () => {
      const slots = far(4);
      const granted: boolean[] = [];
      for (let n = 0; n < 2; n++) slots.acquire(slots.nextTicket(), (probe) => granted.push(probe));
      expect(granted).toEqual([true]);
      // The server's end of two sessions arrives, and our answers leave, before the request does.
      slots.release();
      slots.release();
      vi.advanceTimersByTime(20);
      expect(granted).toEqual([true, false]);
      slots.requested(true);
      slots.requested(false);
      accepts(slots);
      slots.accepted(false);
      expect(slots).toMatchObject({ open: 4, seen: 4, limit: 4 });
    });

    it('make room for another when one that was granted is not requested', () => {
      const slots = far(4);
      const granted: boolean[] = [];
      for (let n = 0; n < 2; n++) slots.acquire(slots.nextTicket(), (probe) => granted.push(probe));
      expect([granted, slots.open]).toEqual([[true], 5]);
      slots.withdraw(true);
      expect([granted, slots.open]).toEqual([[true, true], 5]);
      slots.requested(true);
      accepts(slots);
      expect(slots).toMatchObject({ seen: 5, limit: 5 });
    });

    it('are known to be far although a request is always unanswered', () => {
      vi.useFakeTimers();
      const slots = new SessionSlots({ takesSeveral: true });
      // One left with the login.
      slots.take(false);
      slots.take();
      slots.accepted(false);
      vi.advanceTimersByTime(50);
      slots.take();
      slots.accepted(false);
      expect(slots.isFar).toBe(true);
      slots.accepted(false);
      expect(slots.open).toBe(3);
    });

    it('are not taken for near when a request that was announced does not leave', () => {
      vi.useFakeTimers();
      const slots = new SessionSlots({ takesSeveral: true });
      slots.take();
      vi.advanceTimersByTime(49);
      slots.take();
      slots.giveBack(false);
      vi.advanceTimersByTime(1);
      slots.take();
      slots.accepted(false);
      expect(slots.isFar).toBe(false);
      vi.advanceTimersByTime(50);
      slots.accepted(false);
      slots.take();
      vi.advanceTimersByTime(50);
      slots.accepted(false);
      expect(slots.isFar).toBe(true);
    });

    it('are not more than the user gave, nor than a near server is believed to allow, nor before others that wait', () => {
      vi.useFakeTimers();
      const given = new SessionSlots({ takesSeveral: true, most: 1 });
      given.take();
      vi.advanceTimersByTime(50);
      given.accepted(false);
      expect(given.takeBeyond()).toBe(false);
      expect(far(4, 9).takeBeyond()).toBe(false);
      const free = far(4);
      free.release();
      vi.advanceTimersByTime(20);
      expect(free.takeBeyond()).toBe(false);
      const crowded = far(4);
      ask(crowded, 2);
      crowded.accepted(true);
      crowded.accepted(true);
      ask(crowded, 1);
      crowded.refused(true);
      expect(crowded.takeBeyond()).toBe(false);
    });

    it('are as many as were open when one more was requested ahead, less those refused before it was answered', () => {
      const slots = far(4);
      expect(slots.takeBeyond()).toBe(true);
      vi.advanceTimersByTime(50);
      slots.release();
      slots.accepted(true);
      expect(slots).toMatchObject({ limit: 5, seen: 5 });
      vi.advanceTimersByTime(20);
      expect(slots.take()).toBe(true);
      expect(slots.takeBeyond()).toBe(true);
      slots.refused(false);
      slots.accepted(true);
      expect(slots.seen).toBe(5);
    });

    it('are not more because one that had waited was opened when others had ended that we had asked to end', () => {
      const slots = far(4);
      slots.probe.endsUnused();
      ask(slots, 1);
      slots.probe.unusedEnded();
      slots.release();
      slots.accepted(true);
      expect(slots).toMatchObject({ limit: 4, seen: 4 });
    });

    it('are only believed to be as many as are open if the server is near', () => {
      const slots = far(4, 9);
      ask(slots, 1);
      slots.release();
      slots.accepted(true);
      expect(slots).toMatchObject({ limit: 4, seen: 4 });
    });

    it('wait a tenth of the round trip after an end, when as many again may be asked for', () => {
      const slots = far(4);
      for (let n = 0; n < 4; n++) slots.release();
      const { granted } = ask(slots, 4);
      vi.advanceTimersByTime(4);
      expect(granted).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect(granted.map(({ probe }) => probe)).toEqual([false, false, false, false]);
    });

    it('are allowed again, one for each that is opened, what a refusal had lowered in a moment of many ends', () => {
      const slots = far(6);
      for (let n = 0; n < 6; n++) slots.release();
      vi.advanceTimersByTime(5);
      for (let n = 0; n < 6; n++) expect(slots.take()).toBe(true);
      for (let n = 0; n < 3; n++) slots.refused(false);
      expect(slots.limit).toBe(3);
      for (let n = 0; n < 3; n++) slots.accepted(false);
      expect(slots.limit).toBe(6);
    });

    it('are told of when there is room again that nobody waits for', () => {
      const slots = far(2);
      const heard = vi.fn();
      slots.whenFree(heard);
      const { leave } = ask(slots, 2);
      slots.refused(true);
      slots.release();
      vi.advanceTimersByTime(20);
      expect(heard).not.toHaveBeenCalled();
      for (const one of leave) one();
      slots.release();
      vi.advanceTimersByTime(20);
      expect(heard).toHaveBeenCalled();
    });
  });

  it('are retried if the only one is refused soon after another has ended, but not forever', async () => {
    vi.useFakeTimers();
    const slots = new SessionSlots();
    ask(slots, 1);
    slots.accepted(false);
    slots.release();
    const { granted } = ask(slots, 1);
    expect(slots.refused(false)).toBe(false);
    ask(slots, 1);
    vi.advanceTimersByTime(6_000);
    expect(granted.length + slots.open).toBeGreaterThan(0);
    expect(slots.refused(true)).toBe(true);
    expect(slots.limit).toBe(1);
    vi.useRealTimers();
  });

  it('are not granted beside one being closed, on a server not known to accept several', async () => {
    const slots = new SessionSlots();
    ask(slots, 1);
    slots.accepted(false);
    const gone = slots.leave();
    expect(slots.take()).toBe(false);
    const { granted } = ask(slots, 1);
    expect(granted).toHaveLength(0);
    gone();
    slots.release();
    expect(granted).toHaveLength(1);
    expect(slots).toMatchObject({ takesSeveral: false, spare: 0 });

    const known = new SessionSlots({ takesSeveral: true });
    ask(known, 1);
    known.leave();
    expect(known.take()).toBe(true);
    expect(known).toMatchObject({ takesSeveral: true, spare: 8 });
  });

  it('are finally granted beside one being closed, even if the server never closes it', () => {
    vi.useFakeTimers();
    const slots = new SessionSlots();
    ask(slots, 1);
    slots.leave();
    const { granted } = ask(slots, 1);
    vi.advanceTimersByTime(5_001);
    expect(granted).toHaveLength(1);
    vi.useRealTimers();
  });

  it('are counted correctly over thousands of grants, refusals and releases', () => {
    const serverLimit = 7;
    const slots = new SessionSlots({ limit: 10 });
    let held = 0;
    let done = 0;
    let most = 0;
    const total = 2_000;
    const begin = (ticket: number) =>
      slots.acquire(ticket, (probe) => {
        queueMicrotask(() => {
          slots.requested(probe);
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
    }, 15_000);
  });
});
