import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contender, Target } from './types.ts';

export type ProbeTask =
  | { what: 'output' | 'input'; bytes: number }
  | { what: 'connections'; connections: number };

export interface ProbeReport {
  ms: number;
  /** Processor time of this process alone. */
  cpuMs: number;
  /** The most memory of the process that does the work, all of it. */
  peakMiB: number;
  /** What the task has added to this process: at its most, and at rest. */
  grownMiB: number;
  heldMiB: number;
  failed?: string;
}

/** Runs a task in a process of its own, so that memory and processor time are the contender's. */
export async function probe(contender: Contender, task: ProbeTask, target: Target): Promise<ProbeReport> {
  const script = fileURLToPath(new URL('./probe.mjs', import.meta.url));
  const args = ['--expose-gc', script, contender.name, JSON.stringify(task), JSON.stringify(target)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const report = JSON.parse(stdout) as ProbeReport;
  if (report.failed !== undefined) throw new Error(report.failed);
  return report;
}
