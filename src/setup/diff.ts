/** The most line comparisons that are worth a short diff. Texts that would need more are shown one after the other. */
const mostComparisons = 250_000;

/** The differences between two texts, line by line: unchanged lines begin with a blank, as in a unified diff. */
export function diffLines(before: string, after: string): string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const first = old.findIndex((line, index) => line !== now[index]);
  const start = first === -1 ? old.length : first;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - start && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const same = (lines: readonly string[]) => lines.map((line) => ` ${line}`);
  const changed = changedLines(old.slice(start, old.length - tail), now.slice(start, now.length - tail));
  return [...same(old.slice(0, start)), ...changed, ...same(old.slice(old.length - tail))];
}

function changedLines(old: readonly string[], now: readonly string[]): string[] {
  if (old.length * now.length > mostComparisons) {
    return [...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`)];
  }
  const common = commonTable(old, now);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(` ${old[i++]}`);
      j++;
    } else if (j >= now.length || (i < old.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`-${old[i++]}`);
    } else {
      lines.push(`+${now[j++]}`);
    }
  }
  return lines;
}

/** The changed lines of a diff with `around` unchanged ones on either side; notes say what is left out. */
export function shortDiff(lines: readonly string[], around = 3): string[] {
  const isNear = (index: number) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some((line) => !line.startsWith(' '));
  const shown: string[] = [];
  let left = 0;
  for (const [index, line] of lines.entries()) {
    if (!isNear(index)) left++;
    else {
      if (left > 0) shown.push(leftOut(left));
      left = 0;
      shown.push(line);
    }
  }
  return left > 0 && shown.length > 0 ? [...shown, leftOut(left)] : shown;
}

function leftOut(count: number): string {
  return ` ... ${count} line${count === 1 ? '' : 's'} the same`;
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** For each pair of positions, how many lines the rests of both texts have in common. */
function commonTable(old: readonly string[], now: readonly string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      table[i]![j] =
        old[i] === now[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
    }
  }
  return table;
}
