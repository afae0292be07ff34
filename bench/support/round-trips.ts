import { median } from './measure.ts';
import type { CaseResult } from './types.ts';

/**
 * Number of round trips, from the time that a line adds whose round trip is longer by `more`, so that nobody's own work
 * counts; plus `beside`.
 */
export function roundTrips(near: CaseResult, far: CaseResult, more: number, beside = 0): CaseResult {
  const results = far.results.map(({ all, ...result }) => {
    const start = near.results.find(({ contender }) => contender === result.contender)?.median ?? Number.NaN;
    const trips = all.map((ms) => beside + (ms - start) / more);
    return { ...result, all: trips, ...(trips.length > 0 ? { median: median(trips) } : {}) };
  });
  return { ...far, unit: 'round trips', results };
}
