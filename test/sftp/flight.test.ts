import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Flight } from '../../src/sftp/flow/flight.ts';

const clock = vi.hoisted(() => ({ at: 0 }));
vi.mock('../../src/time/timer.ts', async (original) => ({
  ...(await original<object>()),
  now: () => clock.at,
}));
beforeEach(() => {
  clock.at = 1_000;
});

const MiB = 1024 * 1024;

/** What was sent `trip` milliseconds ago is through. */
function through(flight: Flight, bytes: number, trip: number): void {
  flight.answered(clock.at - trip);
  flight.done(bytes);
}

describe('the bytes in flight', () => {
  it('start at the given value, up to the ceiling', () => {
    expect(new Flight({ start: 100, ceiling: 50 }).limit).toBe(50);
    const flight = new Flight({ start: 100, ceiling: 500 });
    expect(flight.limit).toBe(100);
    flight.take(99);
    expect(flight.open).toBe(true);
    flight.take(1);
    expect([flight.open, flight.inFlight]).toEqual([false, 100]);
    flight.giveBack(1);
    expect([flight.open, flight.inFlight]).toEqual([true, 99]);
    flight.done(9);
    expect(flight.inFlight).toBe(90);
  });

  it('have the shortest round trip, and none before the first reply', () => {
    const flight = new Flight({ start: 100, ceiling: 500 });
    expect([flight.roundTrip, flight.perRoundTrip]).toEqual([Number.POSITIVE_INFINITY, 0]);
    for (const trip of [30, 20, 40]) flight.answered(clock.at - trip);
    expect(flight.roundTrip).toBe(20);
  });

  it('follow the line: twice what it carries in a round trip, plus a spare', () => {
    const flight = new Flight({ start: 2 * MiB, ceiling: 64 * MiB });
    flight.take(100 * MiB);
    through(flight, MiB / 2, 20);
    expect(flight.perRoundTrip).toBe(0);
    clock.at += 19;
    through(flight, MiB / 4, 20);
    expect(flight.perRoundTrip).toBe(0);
    clock.at += 1;
    through(flight, MiB / 4, 20);
    expect(flight.perRoundTrip).toBe(MiB);
    expect(flight.limit).toBe(3 * MiB);
    expect(flight.inFlight).toBe(99 * MiB);
    clock.at += 20;
    through(flight, 8 * MiB, 20);
    expect(flight.limit).toBe(17 * MiB);
    clock.at += 20;
    through(flight, 50 * MiB, 20);
    expect(flight.limit).toBe(64 * MiB);
  });

  it('are measured at most every 10 ms', () => {
    const flight = new Flight({ start: 2 * MiB, ceiling: 64 * MiB });
    through(flight, 1_000, 1);
    clock.at += 9;
    through(flight, 1_000, 1);
    expect(flight.perRoundTrip).toBe(0);
    clock.at += 1;
    through(flight, 1_000, 1);
    expect(flight.perRoundTrip).toBe(300);
  });

  it('are measured from a burst before a round trip has passed', () => {
    const flight = new Flight({ start: MiB, ceiling: 64 * MiB });
    through(flight, MiB, 100);
    expect(flight.perRoundTrip).toBe(0);
    clock.at += 2;
    through(flight, MiB, 100);
    expect(flight.perRoundTrip).toBe(100 * MiB);
    expect(flight.limit).toBe(64 * MiB);
    // From then on it takes a round trip.
    clock.at += 50;
    through(flight, 4 * MiB, 100);
    expect(flight.perRoundTrip).toBe(100 * MiB);
    const atOnce = new Flight({ start: MiB, ceiling: 640 * MiB });
    through(atOnce, MiB + 1, 100);
    expect(atOnce.perRoundTrip).toBe(100 * (MiB + 1));
  });

  it('keep the start value until three rates have been measured, and never fall below the spare', () => {
    const flight = new Flight({ start: 5 * MiB, ceiling: 64 * MiB });
    through(flight, 1_000, 10);
    const limits = Array.from({ length: 4 }, () => {
      clock.at += 10;
      through(flight, 1_000, 10);
      return flight.limit;
    });
    expect(limits).toEqual([5 * MiB, 5 * MiB, 5 * MiB, MiB + 2_000 * 2]);
  });

  it('no longer depend on the best rate after eight others', () => {
    const flight = new Flight({ start: MiB, ceiling: 64 * MiB });
    through(flight, 5_000, 10);
    for (let count = 0; count < 8; count++) {
      clock.at += 10;
      through(flight, count === 0 ? 5_000 : 1_000, 10);
    }
    expect(flight.perRoundTrip).toBe(10_000);
    clock.at += 10;
    through(flight, 1_000, 10);
    expect(flight.perRoundTrip).toBe(1_000);
  });

  it('grow with the number of sessions, which are measured anew', () => {
    const flight = new Flight({ start: MiB, ceiling: 4 * MiB });
    through(flight, 1_000, 10);
    for (let count = 0; count < 5; count++) {
      clock.at += 10;
      through(flight, count === 0 ? 9_000 : 1_000, 10);
    }
    flight.widen(8 * MiB, 3 * MiB);
    expect(flight.limit).toBe(3 * MiB);
    // All but the last rate is forgotten.
    expect(flight.perRoundTrip).toBe(1_000);
    clock.at += 10;
    through(flight, 6 * MiB, 10);
    expect(flight.limit).toBe(8 * MiB);
    flight.widen(2 * MiB, MiB);
    expect(flight.limit).toBe(8 * MiB);
    clock.at += 10;
    through(flight, 1_000, 10);
    expect(flight.limit).toBe(8 * MiB);
    const narrow = new Flight({ start: MiB, ceiling: 4 * MiB });
    narrow.widen(5 * MiB, 9 * MiB);
    expect(narrow.limit).toBe(5 * MiB);
  });
});
