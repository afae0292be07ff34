import type { Close, ExecSession } from '../support/types.ts';

/** Does `work` `count` times, `atOnce` at a time. The first failure ends it, once everything under way has settled. */
export async function inLanes(count: number, atOnce: number, work: (n: number) => Promise<unknown>) {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < count && !failed) {
      await work(next++).catch((error) => {
        failed = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** An ExecSession based on a function that runs one command. */
export function execSession(run: (command: string) => Promise<unknown>, close: Close): ExecSession {
  return { run: (command, count, atOnce) => inLanes(count, atOnce, () => run(command)), close };
}
