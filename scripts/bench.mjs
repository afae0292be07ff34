// Builds the benchmark and runs it: node scripts/bench.mjs [--help] [--full] [case ...]
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist/.bench', { recursive: true, force: true });
await build({
  entryPoints: ['bench/main.ts', 'bench/probe.ts', 'bench/cold.ts', 'bench/relay-process.ts'],
  outdir: 'dist/.bench',
  entryNames: '[name]',
  outExtension: { '.js': '.mjs' },
  // Without the paths of tsconfig.json: the built package is to be measured.
  tsconfigRaw: '{}',
  // Split, so that each contender is loaded only where it is measured.
  splitting: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
});
// Left to the child, which has to clean up.
process.on('SIGINT', () => {});
spawn(process.execPath, ['dist/.bench/main.mjs', ...process.argv.slice(2)], { stdio: 'inherit' }).on(
  'exit',
  (code) => {
    process.exitCode = code ?? 1;
  },
);
