import { createHash } from 'node:crypto';

/** What the task context says about which task this is. */
export interface TaskIdentity {
  dagId: string;
  taskId: string;
  runId: string;
  mapIndex: number;
}

/**
 * The same for every try of one task in one run, and for no other task: the try number is left out on purpose, so
 * that a retry finds the job that an earlier try started.
 */
export function jobId({ dagId, taskId, runId, mapIndex }: TaskIdentity): string {
  const parts = [dagId, taskId, runId, String(mapIndex)];
  // Run ids have colons and plus signs, which names of folders on a PC cannot have: readable, and a hash to be sure.
  const readable = parts
    .join('-')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .slice(0, 70);
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return `airflow-${readable}-${hash}`;
}
