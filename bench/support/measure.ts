import { machine, today } from './machine.ts';
import type { CaseResult, CaseSpec, Contender, Result } from './types.ts';

export interface Rounds<C extends { name: string }> {
  /** The cases for which one run returns values, in the same order. */
  cases: readonly CaseSpec[];
  contenders: readonly C[];
  /** Number of counted runs per contender. */
  rounds: number;
  /** Number of runs at the beginning that do not count. Default 1. */
  warmUp?: number;
  /** A contender that has used this many milliseconds stops after `leastRounds`, and its first run counts. */
  budget?: number;
  leastRounds?: number;
  /** Performs one run of one contender. */
  run(contender: C): Promise<readonly number[]>;
}

interface Record {
  runs: Array<readonly number[]>;
  spent: number;
  failed?: string;
}

/**
 * Runs the contenders in turn (A B C A B C), so that other activity of the machine affects all alike; a round before
 * that does not count.
 */
export async function inTurn<C extends { name: string }>(options: Rounds<C>): Promise<CaseResult[]> {
  const { cases, contenders, rounds, warmUp = 1, run } = options;
  const records = new Map<C, Record>(contenders.map((one) => [one, { runs: [], spent: 0 }]));
  for (let round = 0; round < rounds + warmUp; round++) {
    for (const [contender, record] of records) {
      if (record.failed !== undefined || hadEnough(record, options)) continue;
      const startedAt = performance.now();
      try {
        record.runs.push(await soon(run(contender)));
      } catch (error) {
        record.failed = reason(error);
      }
      record.spent += performance.now() - startedAt;
    }
  }
  const perContender = [...records].map(
    ([contender, record]) => [contender, { ...record, runs: counted(record, options) }] as const,
  );
  return cases.map((spec, index) => ({
    ...spec,
    date: today(),
    machine: machine(),
    results: perContender.map(([contender, record]) => resultOf(contender, record, index)),
  }));
}

/** What hangs is abandoned, so that it does not hold up the others. */
async function soon<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no end in five minutes')), 300_000);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

type Limits = Pick<Rounds<never>, 'budget' | 'leastRounds' | 'warmUp' | 'rounds'>;

function hadEnough({ runs, spent }: Record, { budget = Infinity, leastRounds = 1 }: Limits): boolean {
  return spent > budget && runs.length >= leastRounds;
}

/** The runs without the warm-up, for which a slow contender had no time. */
function counted(record: Record, limits: Limits): Array<readonly number[]> {
  return record.runs.slice(hadEnough(record, limits) ? 0 : (limits.warmUp ?? 1));
}

function resultOf(contender: { name: string }, { runs, failed }: Record, index: number): Result {
  const all = runs.map((values) => values[index] ?? Number.NaN);
  const result: Result = { contender: contender.name, all };
  if (failed !== undefined) return { ...result, failed };
  return all.length === 0 ? result : { ...result, median: median(all) };
}

/** One line, truncated. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim().slice(0, 160);
}

/** The contenders that have this ability. */
export function able<K extends keyof Contender>(
  contenders: readonly Contender[],
  ability: K,
): Array<Contender & Required<Pick<Contender, K>>> {
  return contenders.filter((one) => one[ability] !== undefined) as Array<
    Contender & Required<Pick<Contender, K>>
  >;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** The duration of `open`; what ends it is not measured. */
export async function timedOpening(open: () => Promise<() => unknown>): Promise<number> {
  let close: (() => unknown) | undefined;
  const ms = await timed(async () => {
    close = await open();
  });
  await close?.();
  return ms;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
