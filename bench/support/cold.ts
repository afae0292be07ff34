import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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

/** One transfer in a fresh process, which has connected before: nothing is compiled yet, and no file was moved. */
export async function movedCold(contender: Contender, task: ColdTask, target: Target): Promise<number> {
  const script = fileURLToPath(new URL('./cold.mjs', import.meta.url));
  const args = [script, contender.name, JSON.stringify(task), JSON.stringify(target)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { ms, failed } = JSON.parse(stdout) as ColdReport;
  if (failed !== undefined) throw new Error(failed);
  return ms;
}
