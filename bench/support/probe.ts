import { inChild } from './child.ts';
import type { Contender, Target } from './types.ts';

export type ProbeTask =
  | { what: 'output' | 'input'; bytes: number }
  | { what: 'connections'; connections: number }
  | { what: 'commands'; commands: number };

export interface ProbeReport {
  ms: number;
  /** Processor time of this process alone. */
  cpuMs: number;
  /** Peak memory of the process that does the work, in total. */
  peakMiB: number;
  /** What the task has added to this process: at its peak, and at rest. */
  grownMiB: number;
  heldMiB: number;
  failed?: string;
}

/** Runs a task in a process of its own, so that memory and processor time are the contender's. */
export function probe(contender: Contender, task: ProbeTask, target: Target): Promise<ProbeReport> {
  return inChild<ProbeReport>('probe', contender, task, target, ['--expose-gc']);
}
