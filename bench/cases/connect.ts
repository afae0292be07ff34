import type { Bench, Part } from '../support/bench.ts';
import { able, inTurn, median, timedOpening } from '../support/measure.ts';
import type { CaseResult } from '../support/types.ts';

const group = 'connect' as const;

/** Connect, login, one command, its end. */
async function connect({ server, contenders, sizes }: Bench, rtt: number): Promise<CaseResult> {
  const target = await server.at(rtt);
  const [result] = await inTurn({
    cases: [{ id: `connect-${rtt}`, group, name: `connect + first command, RTT ${rtt} ms`, unit: 'ms' }],
    contenders: able(contenders, 'connectAndRun'),
    rounds: Math.min(sizes.rounds, rtt > 100 ? 3 : 7),
    run: async (contender) => [await timedOpening(() => contender.connectAndRun(target))],
  });
  return result as CaseResult;
}

/**
 * How often it goes there and back, by what a longer line adds, so that nobody's own work counts. The relay does not
 * delay TCP's handshake: one more for all.
 */
export function roundTrips(near: CaseResult, far: CaseResult, between: number): CaseResult {
  const results = far.results.map(({ contender, all, ...result }) => {
    const start = near.results.find((one) => one.contender === contender)?.median ?? Number.NaN;
    const trips = all.map((ms) => 1 + (ms - start) / between);
    return { ...result, contender, all: trips, ...(trips.length > 0 ? { median: median(trips) } : {}) };
  });
  return { ...far, id: 'round-trips', name: 'connect + first command', unit: 'round trips', results };
}

export const connecting: Part[] = [
  { group, name: 'connect-0', run: async (bench) => [await connect(bench, 0)] },
  {
    group,
    name: 'connect-50',
    async run(bench) {
      const near = await connect(bench, 50);
      return [near, roundTrips(near, await connect(bench, 200), 150)];
    },
  },
];
