import { type CaseResult, ours, type Result, type Unit } from '../support/types.ts';

const largerIsBetter: readonly Unit[] = ['MB/s', 'per s'];

/** How many times better `mine` is than `other`; above 1 is better, whatever the unit. */
export function ratio(unit: Unit, mine: number, other: number): number {
  return largerIsBetter.includes(unit) ? mine / other : other / mine;
}

export type Measured = Result & { median: number };

/** The results with a value. */
export function measured({ results }: CaseResult): Measured[] {
  return results.filter((one): one is Measured => one.failed === undefined && one.median !== undefined);
}

export function best(one: CaseResult, among: readonly Measured[] = measured(one)): Measured | undefined {
  return among.reduce<Measured | undefined>(
    (first, next) => (first && ratio(one.unit, first.median, next.median) >= 1 ? first : next),
    undefined,
  );
}

export function oursIn(one: CaseResult): Measured | undefined {
  return measured(one).find(({ contender }) => contender === ours);
}

/** Three significant digits. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** `0.44x`, `1.9x`, `12x` */
export function times(value: number): string {
  return `${value >= 9.95 ? value.toFixed(0) : value.toPrecision(2)}x`;
}
