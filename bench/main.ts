import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadContenders } from './contenders/index.ts';
import { partsNamed } from './plan.ts';
import { reasons } from './reasons.ts';
import { chart } from './report/chart.ts';
import { verdicts, verdictText } from './report/goals.ts';
import { fillMarkers, provenance, readmePart, relayLine } from './report/markdown.ts';
import { merge, readResults, writeResults } from './report/results.ts';
import { table } from './report/table.ts';
import { type Bench, sizes } from './support/bench.ts';
import { startServer } from './support/server.ts';
import type { CaseResult, Results } from './support/types.ts';
import { versions } from './support/versions.ts';
import { goals } from './targets.ts';

const usage = `npm run bench -- [--full | --trial] [case or group ...]
npm run bench -- --report

Measures all cases, or those named, and puts them into bench/results.json, where the other cases stay as they were.
  --full    1,000 files also where the tools need minutes for them, and every contender everywhere
  --trial   small and once, only to see that it works; into a folder of its own
  --report  measures nothing: makes docs/bench.svg and the table in README.md from bench/results.json
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

async function measure(): Promise<Results> {
  const parts = partsNamed(positionals);
  const { contenders, absent } = await loadContenders();
  if (absent.length > 0) console.log(`not installed, so not measured: ${absent.join(', ')}`);
  const server = await startServer();
  const size = flags.trial ? sizes.trial : flags.full ? sizes.full : sizes.normal;
  const bench: Bench = { server, contenders, sizes: size };
  const cases: CaseResult[] = [];
  try {
    for (const part of parts) {
      const startedAt = performance.now();
      const measured = await part.run(bench);
      cases.push(...measured);
      console.log(`\n${part.name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
      console.log(table(measured) || relayLine(measured));
      await keep({ versions: versions(), cases: measured });
    }
  } finally {
    await server.close();
  }
  return { versions: versions(), cases };
}

const folder = flags.trial ? await mkdtemp(join(tmpdir(), 'bench-trial-')) : undefined;
const paths = {
  results: folder ? join(folder, 'results.json') : 'bench/results.json',
  chart: folder ? join(folder, 'bench.svg') : 'docs/bench.svg',
};

/** After every part: a run that is interrupted has not been for nothing. */
async function keep(fresh: Results): Promise<void> {
  await writeResults(paths.results, merge(await readResults(paths.results), fresh));
}

async function report(): Promise<void> {
  const results = await readResults(paths.results);
  console.log(`\n${provenance(results)}\n\n${table(results.cases)}\n`);
  console.log(verdictText(verdicts(goals, results.cases)));
  await writeFile(paths.chart, chart(results.cases));
  console.log(`\n${paths.results} and ${paths.chart} are written`);
  if (!flags.report) return;
  const readme = await readFile('README.md', 'utf8');
  await writeFile('README.md', fillMarkers(readme, readmePart(results, reasons, paths.chart)));
}

if (flags.help) console.log(usage);
else {
  if (!flags.report) await measure();
  await report();
}
process.exit();
