import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { commandsPerSecond, connectAndRun, input, output } from './cases/commands.ts';
import { importTime, installSize, manyConnections, outputMemory } from './cases/cost.ts';
import { largeFile, openFolders, smallFiles } from './cases/files.ts';
import { chart, machine, table } from './support/report.ts';
import { type BenchServer, startServer } from './support/server.ts';
import type { Measurement } from './support/types.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { full: { type: 'boolean', default: false }, out: { type: 'string', default: 'bench' } },
});

type Case = (server: BenchServer) => Promise<Measurement[]>;

/** Files of 4 KiB at a round trip of 50 ms: the tools need minutes for a thousand. */
const farFiles = flags.full ? 1_000 : 200;

const cases: Record<string, Case[]> = {
  connect: [(server) => connectAndRun(server, 0), (server) => connectAndRun(server, 50)],
  exec: [(server) => commandsPerSecond(server, 1), (server) => commandsPerSecond(server, 8)],
  large: [0, 50, 200].flatMap((rtt): Case[] => [
    (server) => largeFile(server, rtt, 'up'),
    (server) => largeFile(server, rtt, 'down'),
  ]),
  small: [
    (server) => smallFiles(server, 0, 'up', 1_000),
    (server) => smallFiles(server, 0, 'down', 1_000),
    (server) => smallFiles(server, 50, 'up', farFiles),
    (server) => smallFiles(server, 50, 'down', farFiles),
  ],
  stream: [output, input, outputMemory],
  many: [manyConnections],
  package: [importTime, async () => installSize(await pack())],
};

async function pack(): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--silent', '--ignore-scripts']);
  return join(process.cwd(), stdout.trim());
}

const wanted = positionals.length > 0 ? positionals : Object.keys(cases);
for (const name of wanted) {
  if (!cases[name]) throw new RangeError(`no case ${name}; there are ${Object.keys(cases).join(', ')}`);
}
const server = await startServer();
await openFolders(server);
const measurements: Measurement[] = [];
try {
  for (const name of wanted) {
    for (const one of cases[name] ?? []) {
      const result = await one(server);
      measurements.push(...result);
      console.log(table(result).split('\n').at(-1));
    }
  }
} finally {
  await server.close();
}
console.log(`\n${machine()}; medians, times as good as each in brackets\n\n${table(measurements)}`);
await writeFile(
  join(flags.out, 'results.json'),
  `${JSON.stringify({ machine: machine(), measurements }, null, 2)}\n`,
);
await writeFile(join(flags.out, 'results.svg'), chart(measurements));
process.exit(0);
