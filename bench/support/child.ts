import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadContender } from '../contenders/index.ts';
import type { Contender, Target } from './types.ts';

interface Told {
  failed?: string;
}

/**
 * Runs a task in the child process `<program>.mjs`, which calls `beChild`. @throws {Error} with the child's failure.
 */
export async function inChild<Report extends Told>(
  program: string,
  contender: Contender,
  task: unknown,
  target: Target,
  flags: readonly string[] = [],
): Promise<Report> {
  const script = fileURLToPath(new URL(`./${program}.mjs`, import.meta.url));
  const args = [...flags, script, contender.name, JSON.stringify(task), JSON.stringify(target)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const report = JSON.parse(stdout) as Report;
  if (report.failed !== undefined) throw new Error(report.failed);
  return report;
}

/** The child's side: does the task with one contender, reports, and ends the process. */
export async function beChild<Task, Report extends Told>(
  work: (contender: Contender, task: Task, target: Target) => Promise<Report>,
): Promise<never> {
  const [name = '', task = '', target = ''] = process.argv.slice(2);
  // A contender that throws in one of its own handlers would otherwise end the benchmark.
  process.on('uncaughtException', (error) => tell({ failed: error.message }));
  const contender = await loadContender(name);
  if (!contender) throw new Error(`${name} is not installed`);
  return tell(await work(contender, JSON.parse(task) as Task, JSON.parse(target) as Target));
}

function tell(report: Told): never {
  console.log(JSON.stringify(report));
  process.exit();
}
