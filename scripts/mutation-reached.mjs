// Runs before each test file under scripts/mutate.mjs: notes which of the places of changes its tests come to.
import { afterAll } from 'vitest';

const reached = new Set();
globalThis.reached = (number) => reached.add(number);
// biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern there.
afterAll(({}, file) => {
  file.meta.reached = [...reached];
});
