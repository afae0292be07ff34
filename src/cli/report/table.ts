import { padded, widthOf } from './width.ts';

/** Rows in columns, two blanks apart. Columns in `right` are right-aligned. */
export function table(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  right = new Set<number>(),
): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0, right.has(column)))
      .join('  ')
      .trimEnd(),
  );
}
