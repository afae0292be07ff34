import { describe, expect, it } from 'vitest';
import { defaultBackoff, type TunnelBackoff, TunnelWaits } from '../../src/tunnel/keep/backoff.ts';
import { lost, unreachable } from '../support/fake-gateway.ts';

const middle = () => 0.5;
const backoffOf = (options: Partial<TunnelBackoff>): TunnelBackoff => ({ ...defaultBackoff, ...options });

describe('the waits of a tunnel', () => {
  it('double up to the maximum', () => {
    const waits = new TunnelWaits(backoffOf({ minDelay: 100, maxDelay: 1_000 }), middle);
    expect([1, 2, 3, 4, 5, 6].map(() => waits.next(lost()))).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('stay within a second while the gateway cannot be reached, and do not affect later ones', () => {
    const waits = new TunnelWaits(backoffOf({}), middle);
    expect([1, 2, 3, 4].map(() => waits.next(unreachable()))).toEqual([500, 1_000, 1_000, 1_000]);
    expect([1, 2].map(() => waits.next(lost()))).toEqual([500, 1_000]);
  });

  it('no longer depend on how long the gateway was unreachable once it has answered', () => {
    const waits = new TunnelWaits(backoffOf({}), middle);
    for (const answered of [() => waits.next(lost()), () => waits.lived(100)]) {
      expect([1, 2, 3].map(() => waits.next(unreachable()))).toEqual([500, 1_000, 1_000]);
      answered();
    }
    expect(waits.next(unreachable())).toBe(500);
  });

  it('start over after a long-lived connection, and keep growing after short-lived ones', () => {
    const waits = new TunnelWaits(backoffOf({}), middle);
    waits.lived(100);
    expect(waits.next(lost())).toBe(500);
    waits.lived(60_000);
    expect(waits.next(lost())).toBe(500);
    const flapping = [1, 2, 3, 4].map(() => {
      waits.lived(100);
      return waits.next(lost());
    });
    expect(flapping).toEqual([500, 1_000, 2_000, 4_000]);
  });

  it('end after the last consecutive attempt', () => {
    const waits = new TunnelWaits(backoffOf({ attempts: 2 }), middle);
    expect(waits.next(lost())).toBe(500);
    waits.lived(20_000);
    expect(waits.next(lost())).toBe(500);
    expect(waits.next(lost())).toBeUndefined();
  });

  it('are spread by jitter', () => {
    const backoff = backoffOf({ minDelay: 1_000 });
    expect(new TunnelWaits(backoff, () => 0).next(lost())).toBe(500);
    expect(new TunnelWaits(backoff, () => 1).next(lost())).toBe(1_500);
  });
});
