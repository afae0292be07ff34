import type { Contender, Measurement } from './types.ts';

export interface Rounds {
  name: string;
  unit: Measurement['unit'];
  contenders: readonly Contender[];
  rounds: number;
  /** One run of one contender; gives the value. */
  run(contender: Contender): Promise<number>;
}

/**
 * The contenders in turn (A B C A B C), so that what else the machine does hits all alike; one round beforehand that
 * does not count.
 */
export async function inTurn({ name, unit, contenders, rounds, run }: Rounds): Promise<Measurement[]> {
  const values = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  const failures = new Map<Contender, string>();
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      if (failures.has(contender)) continue;
      try {
        const value = await run(contender);
        if (round > 0) values.get(contender)?.push(value);
      } catch (error) {
        failures.set(contender, (error as Error).message.slice(0, 120));
      }
    }
  }
  return contenders.map((contender) => {
    const all = values.get(contender) ?? [];
    const failed = failures.get(contender);
    const measurement = { case: name, contender: contender.name, unit, median: median(all), all };
    return failed === undefined ? measurement : { ...measurement, failed };
  });
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
