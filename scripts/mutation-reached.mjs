// Runs before each test file under scripts/mutate.mjs: records which places of changes its tests reach.
import { afterAll } from 'vitest';

const reached = new Set();
globalThis.reached = (number) => reached.add(number);
// biome-ignore lint/correctness/noEmptyPattern: vitest requires a pattern there.
afterAll(({}, file) => {
  file.meta.reached = [...reached];
});
