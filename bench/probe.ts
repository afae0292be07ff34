import { beChild } from './support/child.ts';
import type { ProbeReport, ProbeTask } from './support/probe.ts';
import type { Contender, Streamed, Target } from './support/types.ts';

interface Done {
  peakMiB?: number;
  close?: () => Promise<unknown>;
}

async function work(contender: Contender, task: ProbeTask, target: Target): Promise<Done> {
  if (task.what === 'connections') return hold(contender, task.connections, target);
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

async function hold(contender: Contender, connections: number, target: Target): Promise<Done> {
  const open = await Promise.all(Array.from({ length: connections }, () => contender.hold?.(target)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { close: () => Promise.all(open.map((one) => one?.close())) };
}

const memory = () => process.memoryUsage().rss / 2 ** 20;

// One contender in a process of its own, so that memory and processor time are its own.
await beChild<ProbeTask, ProbeReport>(async (contender, task, target) => {
  // The first connection loads, compiles and allocates what all others use.
  const closeFirst = await contender.connectAndRun?.(target);
  await closeFirst?.();
  globalThis.gc?.();
  const before = memory();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const done = await work(contender, task, target);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const peak = process.resourceUsage().maxRSS / 1024;
  globalThis.gc?.();
  const held = memory();
  await done.close?.();
  const cpuMs = (user + system) / 1_000;
  return { ms, cpuMs, peakMiB: done.peakMiB ?? peak, grownMiB: peak - before, heldMiB: held - before };
});
