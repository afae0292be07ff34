import type { Bench, Part } from '../support/bench.ts';
import { able, inTurn, timed } from '../support/measure.ts';
import { probe } from '../support/probe.ts';
import { type CaseResult, type Contender, javascriptPeers, ours, type Target } from '../support/types.ts';

const group = 'exec' as const;

interface Way {
  id: string;
  name: string;
  atOnce: number;
  target: Target;
  /** About how long a run takes (milliseconds). Default 500. */
  ms?: number;
}

/** Commands per second on an open connection. */
function commandsPerSecond({ contenders, sizes }: Bench, way: Way): Promise<CaseResult[]> {
  // As many as take about `ms`, judging by the round before. Runs differ by a sixth, and the differences of
  // interest are smaller: so there are many rounds, and a slow contender stops when its time is up.
  const { ms: wanted = 500 } = way;
  const counts = new Map<Contender, number>();
  return inTurn({
    cases: [{ id: way.id, group, name: way.name, unit: 'per s' }],
    contenders: able(contenders, 'openExec'),
    rounds: Math.min(sizes.rounds, 25),
    budget: 15_000,
    leastRounds: 3,
    async run(contender) {
      const count = counts.get(contender) ?? 40;
      const session = await contender.openExec(way.target);
      try {
        const ms = await timed(() => session.run('true', count, way.atOnce));
        const rate = (count * 1_000) / ms;
        counts.set(contender, Math.max(40, Math.round((rate * wanted) / 1_000)));
        return [rate];
      } finally {
        await session.close();
      }
    },
  });
}

/** In fresh processes: there nothing is compiled yet but what the first command needs. */
async function processorTime({ server, contenders, sizes }: Bench): Promise<CaseResult[]> {
  const target = await server.at(0);
  const { commands } = sizes;
  const name = `${commands} commands one after another, processor time`;
  return inTurn({
    cases: [{ id: 'exec-cpu', group, name, unit: 'CPU ms' }],
    // Of programs in other languages the processor time is not this process's.
    contenders: able(contenders, 'openExec').filter(({ name }) => [ours, ...javascriptPeers].includes(name)),
    rounds: Math.min(sizes.rounds, 15),
    budget: 60_000,
    leastRounds: 3,
    run: async (contender) => [(await probe(contender, { what: 'commands', commands }, target)).cpuMs],
  });
}

export const executing: Part[] = [
  { group, name: 'exec-cpu', isCold: true, run: processorTime },
  {
    group,
    name: 'exec-1',
    async run(bench) {
      const target = await bench.server.at(0);
      return commandsPerSecond(bench, { id: 'exec-1', name: 'exec, one after another', atOnce: 1, target });
    },
  },
  {
    group,
    name: 'exec-8',
    async run(bench) {
      const name = 'exec, 8 at a time, MaxSessions';
      const few = await bench.server.at(0);
      const many = await bench.server.manySessions();
      return [
        ...(await commandsPerSecond(bench, { id: 'exec-8', name: `${name} 10`, atOnce: 8, target: few })),
        ...(await commandsPerSecond(bench, {
          id: 'exec-8-roomy',
          name: `${name} 100`,
          atOnce: 8,
          target: many,
        })),
      ];
    },
  },
  {
    group,
    name: 'exec-8-far',
    isCold: true,
    async run({ server, contenders, sizes }) {
      const bench = { server, contenders, sizes: { ...sizes, rounds: Math.min(sizes.rounds, 5) } };
      const name = 'exec, 8 at a time, RTT 50 ms, MaxSessions';
      // Long enough for who has to learn what the server allows.
      const ways = [
        { id: 'exec-8-50', name: `${name} 10`, target: await server.at(50) },
        { id: 'exec-8-50-roomy', name: `${name} 100`, target: await server.manySessions(50) },
      ];
      const results: CaseResult[] = [];
      for (const way of ways)
        results.push(...(await commandsPerSecond(bench, { ...way, atOnce: 8, ms: 3_000 })));
      return results;
    },
  },
];
