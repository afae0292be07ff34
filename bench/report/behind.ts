import { type CaseResult, ours } from '../support/types.ts';
import { best, oursIn, ratio, times } from './compare.ts';

/**
 * Why another contender is first, by case. A case without an entry is listed without a reason, so that someone finds
 * it.
 */
export type Reasons = Readonly<Record<string, string>>;

/** Markdown: the cases in which we are not first, by more than two per cent of noise, and why. */
export function behind(cases: readonly CaseResult[], reasons: Reasons): string {
  const lines = cases.flatMap((one) => {
    const mine = oursIn(one);
    const first = best(one);
    if (!mine || !first || first.contender === ours) return [];
    const lead = 1 / ratio(one.unit, mine.median, first.median);
    if (lead < 1.02) return [];
    return [
      `- ${one.name} (${one.unit}): ${first.contender} is ${times(lead)} as good. ${reasons[one.id] ?? 'We do not know why yet.'}`,
    ];
  });
  return lines.length === 0 ? '' : `Where we are not first:\n\n${lines.join('\n')}`;
}
