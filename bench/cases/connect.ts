import type { Bench, Part } from '../support/bench.ts';
import { able, inTurn, timedOpening } from '../support/measure.ts';
import { roundTrips } from '../support/round-trips.ts';
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

/** The relay does not delay TCP's handshake, so one round trip is added for everyone. */
export function tripsOfConnect(near: CaseResult, far: CaseResult): CaseResult {
  return { ...roundTrips(near, far, 150, 1), id: 'round-trips', name: 'connect + first command' };
}

export const connecting: Part[] = [
  { group, name: 'connect-0', run: async (bench) => [await connect(bench, 0)] },
  {
    group,
    name: 'connect-50',
    isCold: true,
    async run(bench) {
      const near = await connect(bench, 50);
      return [near, tripsOfConnect(near, await connect(bench, 200))];
    },
  },
];
