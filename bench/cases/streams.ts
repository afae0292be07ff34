import type { Bench, Part } from '../support/bench.ts';
import { able, inTurn } from '../support/measure.ts';
import { probe } from '../support/probe.ts';
import type { CaseResult } from '../support/types.ts';

const group = 'stream' as const;

/** A large output or input of a command, counted at the receiving end, each time in a fresh process. */
async function stream({ server, contenders, sizes }: Bench, what: 'output' | 'input'): Promise<CaseResult[]> {
  const target = await server.at(0);
  const bytes = sizes.stream * 1024 * 1024;
  const size = sizes.stream === 1024 ? '1 GiB' : `${sizes.stream} MiB`;
  const name = `${size} of command ${what}`;
  return inTurn({
    cases: [
      { id: what, group, name, unit: 'MB/s' },
      { id: `${what}-memory`, group, name: `${name}, peak memory`, unit: 'MiB' },
    ],
    contenders: able(contenders, what === 'output' ? 'readOutput' : 'writeInput'),
    rounds: Math.min(sizes.rounds, 9),
    // Every run is the first one of its process.
    warmUp: 0,
    budget: 25_000,
    async run(contender) {
      const { ms, peakMiB } = await probe(contender, { what, bytes }, target);
      return [bytes / 1_000 / ms, peakMiB];
    },
  });
}

export const streaming: Part[] = (['output', 'input'] as const).map((what) => ({
  group,
  name: what,
  run: (bench) => stream(bench, what),
}));
