/** The name that was most likely meant; undefined when none is close. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  // `user` is what `username` is often called.
  const longer = names.filter(
    (name) => word.length >= 4 && name.toLowerCase().startsWith(word.toLowerCase()),
  );
  if (longer.length === 1) return longer[0];
  return best && best.distance <= Math.max(1, Math.floor(word.length / 2)) ? best.name : undefined;
}

/** How many letters must be changed, added or left out (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(same, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
