import { build } from 'esbuild';

const [entry, outfile] = process.argv.slice(2);
const { warnings } = await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
});
process.exitCode = warnings.length === 0 ? 0 : 1;
