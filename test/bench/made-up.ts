import type { CaseResult, Group, Result, Unit } from '../../bench/support/types.ts';

/** A value, several of them whose middle one counts, or why there is none. */
type Made = number | number[] | string;

/** A case with these contenders. */
export function made(
  id: string,
  group: Group,
  unit: Unit,
  values: Record<string, Made>,
  name = `case ${id}`,
): CaseResult {
  const results = Object.entries(values).map(([contender, value]): Result => {
    if (typeof value === 'string') return { contender, all: [], failed: value };
    const all = typeof value === 'number' ? [value, value, value] : value;
    return { contender, all, median: all[all.length >> 1] as number };
  });
  return { id, group, name, unit, date: '2026-11-30', machine: '2 x a processor', results };
}
