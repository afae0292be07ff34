/** Rows in columns, two blanks apart. Columns in `right` are aligned to the right. */
export function table(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  right = new Set<number>(),
): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, right.has(column)))
      .join('  ')
      .trimEnd(),
  );
}

function pad(text: string, width: number, isRight: boolean): string {
  return isRight ? text.padStart(width) : text.padEnd(width);
}
