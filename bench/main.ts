import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadContenders } from './contenders/index.ts';
import { partsNamed } from './plan.ts';
import { reasons } from './reasons.ts';
import { chart } from './report/chart.ts';
import { verdicts, verdictText } from './report/goals.ts';
import { inKorean } from './report/korean.ts';
import { fillMarkers, longPart, provenance, relayLine } from './report/markdown.ts';
import { merge, readResults, writeResults } from './report/results.ts';
import { shortPart } from './report/short.ts';
import { table } from './report/table.ts';
import { type Bench, type Part, sizes } from './support/bench.ts';
import { type BenchServer, startServer } from './support/server.ts';
import { versions } from './support/versions.ts';
import { goals } from './targets.ts';

const usage = `npm run bench -- [--full | --trial] [case or group ...]
npm run bench -- --report

Measures all cases, or those named, and puts them into bench/results.json, where the other cases stay as they were.
  --full    1,000 files also where the tools need minutes for them, and every contender everywhere
  --trial   small and once, only to see that it works; into a folder of its own
  --report  measures nothing: makes docs/bench.svg and the tables in README.md and docs/benchmarks.md from bench/results.json
BENCH_PYTHON names the interpreter that has asyncssh and paramiko; default python3.`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    trial: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function measure(): Promise<void> {
  const parts = partsNamed(positionals);
  const { contenders, absent } = await loadContenders();
  if (absent.length > 0) console.log(`not installed, so not measured: ${absent.join(', ')}`);
  const server = await startServer();
  const interrupted = putAwayWhenInterrupted(server);
  const size = flags.trial ? sizes.trial : flags.full ? sizes.full : sizes.normal;
  try {
    for (const part of parts) {
      await measurePart(part, { server, contenders, sizes: size }, interrupted);
    }
  } finally {
    await server.close();
  }
}

/** Its results are saved at once, so that an interrupted run is not wasted. */
async function measurePart(part: Part, bench: Bench, interrupted: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const cases = await part.run(bench);
  // What the end of the server has caused is not a result.
  interrupted.throwIfAborted();
  console.log(`\n${part.name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  console.log(table(cases) || relayLine(cases));
  const fresh = { versions: versions(), cases };
  await writeResults(paths.results, merge(await readResults(paths.results), fresh));
}

/** Cleans up, as the server has a user account of its own, and files in memory. */
function putAwayWhenInterrupted(server: BenchServer): AbortSignal {
  const interrupted = new AbortController();
  const leave = () => {
    interrupted.abort();
    void server.close().finally(() => process.exit(1));
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  return interrupted.signal;
}

const folder = flags.trial ? await mkdtemp(join(tmpdir(), 'bench-trial-')) : undefined;
const paths = {
  results: folder ? join(folder, 'results.json') : 'bench/results.json',
  chart: folder ? join(folder, 'bench.svg') : 'docs/bench.svg',
};

async function report(): Promise<void> {
  const results = await readResults(paths.results);
  console.log(`\n${provenance(results)}\n\n${table(results.cases)}\n`);
  console.log(verdictText(verdicts(goals, results.cases)));
  await writeFile(paths.chart, chart(results.cases));
  console.log(`\n${paths.results} and ${paths.chart} are written`);
  if (!flags.report) return;
  await fill('README.md', shortPart(results));
  await fill('README.ko.md', inKorean(shortPart(results)));
  await fill('docs/benchmarks.md', longPart(results, reasons, basename(paths.chart)));
}

async function fill(document: string, part: string): Promise<void> {
  await writeFile(document, fillMarkers(await readFile(document, 'utf8'), part));
}

if (flags.help) console.log(usage);
else {
  if (!flags.report) await measure();
  await report();
}
process.exit();
