import { cpus, tmpdir } from 'node:os';

/** On Linux, a folder whose files are in memory. */
export const inMemory = '/dev/shm';

/** Where the figures come from: without this, they mean nothing. */
export function machine(): string {
  const [cpu] = cpus();
  const files = tmpdir() === inMemory ? 'memory' : tmpdir();
  return `${cpus().length} x ${cpu?.model.trim()}, Node ${process.version}, files in ${files}`;
}

/** `2026-11-30`, in UTC. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
