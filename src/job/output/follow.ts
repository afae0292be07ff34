import { sleep } from '../../time/timer.ts';
import type { JobKeeper } from '../host/keeper.ts';
import type { FollowedOutput, JobEnd } from '../types.ts';
import type { OutputReader } from './output-reader.ts';
import { defaultPollInterval, Pace } from './pace.ts';

/** Reads until the job ends. Throws if the connection is lost; the reader then knows where to continue. */
export async function* followJob(
  keeper: JobKeeper,
  reader: OutputReader,
  {
    pollInterval = defaultPollInterval,
    signal,
  }: { pollInterval?: number | undefined; signal?: AbortSignal | undefined },
): AsyncGenerator<FollowedOutput<string | Buffer>, JobEnd> {
  const pace = new Pace(pollInterval);
  for (;;) {
    const { stdout, stderr, next, end, more } = await reader.read(keeper, {
      signal,
      waitMs: keeper.longPoll,
    });
    const hasOutput = stdout.length > 0 || stderr.length > 0;
    if (hasOutput) yield { stdout, stderr, next };
    if (end) return end;
    const wait = pace.next(hasOutput);
    if (!more) await sleep(wait, signal);
  }
}
