import { inChild } from './child.ts';
import type { Contender, FileSession, Target } from './types.ts';

export interface ColdTask {
  verb: keyof Omit<FileSession, 'close'>;
  from: string;
  to: string;
}

export interface ColdReport {
  ms: number;
  failed?: string;
}

/** One transfer in a fresh process that has connected before: nothing is compiled yet, and no file has been moved. */
export async function movedCold(contender: Contender, task: ColdTask, target: Target): Promise<number> {
  const { ms } = await inChild<ColdReport>('cold', contender, task, target);
  return ms;
}
