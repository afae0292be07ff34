import type { CaseResult, Results } from '../support/types.ts';
import { best, figure, measured, oursIn, ratio, times } from './compare.ts';
import { provenance } from './markdown.ts';

/** The cases that give a first impression; the whole table is in docs/benchmarks.md. */
export const chosen: readonly string[] = [
  ...['connect-50', 'exec-1', 'exec-8', 'exec-8-50-roomy', 'put-50', 'get-50'],
  ...['cold-put-16-200', 'cold-put-small', 'cold-get-16-200', 'cold-get-small'],
];

/**
 * The part of README.md between its markers: one row per case with our value, the best of the others, and how many
 * times better ours is.
 */
export function shortPart(results: Results): string {
  const cases = results.cases.filter(({ id }) => chosen.includes(id));
  const head = '| | ssh-via-gateway | the best of the others |\n|---|---:|---:|';
  return [[head, ...cases.map(row)].join('\n'), provenance({ ...results, cases })].join('\n\n');
}

function row(one: CaseResult): string {
  const mine = oursIn(one);
  const other = best(
    one,
    measured(one).filter(({ contender }) => contender !== mine?.contender),
  );
  const compared = mine && other ? ` (${times(ratio(one.unit, mine.median, other.median))})` : '';
  const theirs = other ? `${figure(other.median)}, ${other.contender}${compared}` : '';
  const how = one.group === 'cold' ? ', fresh process' : '';
  return `| ${one.name}${how} (${one.unit}) | ${mine ? figure(mine.median) : ''} | ${theirs} |`;
}
