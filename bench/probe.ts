import { beChild } from './support/child.ts';
import type { ProbeReport, ProbeTask } from './support/probe.ts';
import type { Contender, Streamed, Target } from './support/types.ts';

interface Done {
  peakMiB?: number;
  close?: () => Promise<unknown>;
}

type Work = () => Promise<Done>;

/** What is to be measured; what has to be there before is made now. */
async function prepared(contender: Contender, task: ProbeTask, target: Target): Promise<Work> {
  if (task.what === 'commands') return commands(contender, task.commands, target);
  if (task.what === 'connections') return () => hold(contender, task.connections, target);
  return () => stream(contender, task, target);
}

/** One after another, on a connection that is open before. */
async function commands(contender: Contender, count: number, target: Target): Promise<Work> {
  const session = await contender.openExec?.(target);
  if (!session) throw new Error(`${contender.name} runs no commands`);
  return async () => {
    await session.run('true', count, 1);
    return { close: async () => session.close() };
  };
}

type Streaming = Extract<ProbeTask, { bytes: number }>;

async function stream(contender: Contender, task: Streaming, target: Target): Promise<Done> {
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
  const work = await prepared(contender, task, target);
  globalThis.gc?.();
  const before = memory();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const done = await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const peak = process.resourceUsage().maxRSS / 1024;
  globalThis.gc?.();
  const held = memory();
  await done.close?.();
  const cpuMs = (user + system) / 1_000;
  return { ms, cpuMs, peakMiB: done.peakMiB ?? peak, grownMiB: peak - before, heldMiB: held - before };
});
