import { contenders } from './contenders/index.ts';
import type { Contender, Target } from './support/types.ts';

// One contender in a process of its own, so that its memory and processor time are its own.
const [what, name, targetText] = process.argv.slice(2) as [string, string, string];
const target = JSON.parse(targetText) as Target;
const contender = contenders.find((one) => one.name === name) as Contender;

async function output(): Promise<void> {
  await contender.readOutput?.(target, `head -c ${1 << 30} /dev/zero`);
}

async function connections(): Promise<void> {
  const open = await Promise.all(Array.from({ length: 200 }, () => contender.hold?.(target)));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await Promise.all(open.map((one) => one?.close()));
}

const closeFirst = await contender.connectAndRun?.(target);
await closeFirst?.();
globalThis.gc?.();
const rssBefore = process.memoryUsage().rss;
const cpuBefore = process.cpuUsage();
await (what === 'output' ? output() : connections());
const { user, system } = process.cpuUsage(cpuBefore);
const peak = process.resourceUsage().maxRSS * 1024;
console.log(
  JSON.stringify({
    cpuMs: (user + system) / 1_000,
    peakMiB: peak / 2 ** 20,
    grownMiB: (peak - rssBefore) / 2 ** 20,
  }),
);
process.exit(0);
