import { beChild } from './support/child.ts';
import type { ColdReport, ColdTask } from './support/cold.ts';
import { timed } from './support/measure.ts';

// One transfer by one contender, like the program of a worker: it starts, connects, moves a file, and ends.
await beChild<ColdTask, ColdReport>(async (contender, { verb, from, to }, target) => {
  const session = await contender.openFiles?.(target);
  if (!session) throw new Error(`${contender.name} moves no files`);
  return { ms: await timed(() => session[verb](from, to)) };
});
