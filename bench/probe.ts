import { loadContender } from './contenders/index.ts';
import type { ProbeReport, ProbeTask } from './support/probe.ts';
import type { Contender, Streamed, Target } from './support/types.ts';

// One contender in a process of its own, so that its memory and processor time are its own.
const [name = '', taskText = '', targetText = ''] = process.argv.slice(2);
const task = JSON.parse(taskText) as ProbeTask;
const target = JSON.parse(targetText) as Target;

function tell(report: Partial<ProbeReport>): never {
  console.log(JSON.stringify(report));
  process.exit();
}

// A contender that throws in a handler of its own would take the benchmark with it.
process.on('uncaughtException', (error) => tell({ failed: error.message }));

async function work(contender: Contender): Promise<{ peakMiB?: number; close?: () => Promise<unknown> }> {
  if (task.what === 'connections') return hold(contender, task.connections);
  const streamed =
    task.what === 'output'
      ? await contender.readOutput?.(target, `head -c ${task.bytes} /dev/zero`)
      : await contender.writeInput?.(target, 'wc -c', task.bytes);
  return checked(streamed, task.bytes);
}

function checked(streamed: Streamed | undefined, wanted: number): Streamed {
  if (streamed?.bytes !== wanted) throw new Error(`${streamed?.bytes} of ${wanted} bytes arrived`);
  return streamed;
}

async function hold(contender: Contender, connections: number) {
  const open = await Promise.all(Array.from({ length: connections }, () => contender.hold?.(target)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { close: () => Promise.all(open.map((one) => one?.close())) };
}

const memory = () => process.memoryUsage().rss / 2 ** 20;

const contender = await loadContender(name);
if (!contender) throw new Error(`${name} is not installed`);
// The first connection loads, compiles and allocates what every other one uses.
const closeFirst = await contender.connectAndRun?.(target);
await closeFirst?.();
globalThis.gc?.();
const before = memory();
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const done = await work(contender);
const ms = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpuBefore);
const peak = process.resourceUsage().maxRSS / 1024;
globalThis.gc?.();
const held = memory();
await done.close?.();
tell({
  ms,
  cpuMs: (user + system) / 1_000,
  peakMiB: done.peakMiB ?? peak,
  grownMiB: peak - before,
  heldMiB: held - before,
});
