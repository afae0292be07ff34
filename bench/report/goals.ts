import type { CaseResult } from '../support/types.ts';
import { ours } from '../support/types.ts';
import type { Goal } from '../targets.ts';
import { best, figure, measured, oursIn, ratio } from './compare.ts';

export interface Verdict {
  name: string;
  /** The goal, in words. */
  wanted: string;
  /** The result; absent if it was not measured. */
  got?: string;
  reached: boolean;
}

/** The result for each goal. */
export function verdicts(goals: readonly Goal[], cases: readonly CaseResult[]): Verdict[] {
  return goals.flatMap((goal) => {
    const one = cases.find(({ id }) => id === goal.case);
    const { atMost, noLess, atLeast } = goal;
    return [
      ...(atMost === undefined ? [] : [absolute(goal.case, one, 'at most', atMost)]),
      ...(noLess === undefined ? [] : [absolute(goal.case, one, 'at least', noLess)]),
      ...(atLeast === undefined ? [] : [relative(goal.case, one, atLeast)]),
    ];
  });
}

function absolute(
  id: string,
  one: CaseResult | undefined,
  which: 'at most' | 'at least',
  limit: number,
): Verdict {
  const name = one?.name ?? id;
  const wanted = `${which} ${figure(limit)}${one ? ` ${one.unit}` : ''}`;
  const mine = one && oursIn(one);
  if (!mine) return { name, wanted, reached: false };
  const reached = which === 'at most' ? mine.median <= limit : mine.median >= limit;
  return { name, wanted, got: figure(mine.median), reached };
}

function relative(
  id: string,
  one: CaseResult | undefined,
  { times: least, against }: NonNullable<Goal['atLeast']>,
): Verdict {
  const whom = against === 'everyone' ? 'the best of all others' : namesOf(against);
  const verdict = { name: one?.name ?? id, wanted: `at least ${figure(least)}x ${whom}`, reached: false };
  const mine = one && oursIn(one);
  if (!mine) return verdict;
  const others = measured(one).filter(({ contender }) =>
    against === 'everyone' ? contender !== ours : against.includes(contender),
  );
  const rival = best(one, others);
  // If nobody else has a value, we are ahead of all who tried.
  if (!rival) return { ...verdict, got: 'nobody else has a value', reached: one.results.length > 1 };
  const got = ratio(one.unit, mine.median, rival.median);
  return { ...verdict, got: `${figure(got)}x ${rival.contender}`, reached: got >= least };
}

function namesOf(against: readonly string[]): string {
  return against.length === 1 ? (against[0] as string) : `the best of ${against.join(', ')}`;
}

/** One line per goal, and a count. */
export function verdictText(all: readonly Verdict[]): string {
  const width = Math.max(0, ...all.map(({ name }) => name.length));
  const lines = all.map(({ name, wanted, got, reached }) => {
    const state = got === undefined ? 'not measured' : reached ? 'reached' : 'NOT REACHED';
    return `${state.padEnd(12)}  ${name.padEnd(width)}  wanted ${wanted}${got === undefined ? '' : `, is ${got}`}`;
  });
  const reached = all.filter((one) => one.reached).length;
  return [...lines, `${reached} of ${all.length} targets reached`].join('\n');
}
