// Builds the benchmark and runs it: node scripts/bench.mjs [--full] [case ...]
import { spawn } from 'node:child_process';
import { build } from 'esbuild';

await build({
  entryPoints: ['bench/main.ts', 'bench/probe.ts', 'bench/support/relay-process.ts'],
  outdir: 'dist/.bench',
  entryNames: '[name]',
  outExtension: { '.js': '.mjs' },
  // Without the paths of tsconfig.json: what is measured is the built package.
  tsconfigRaw: '{}',
  ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external' },
});
spawn(process.execPath, ['dist/.bench/main.mjs', ...process.argv.slice(2)], { stdio: 'inherit' }).on(
  'exit',
  (code) => {
    process.exitCode = code ?? 1;
  },
);
