import { build } from 'esbuild';

const [entry, outfile] = process.argv.slice(2);
const { warnings } = await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
});
process.exitCode = warnings.length === 0 ? 0 : 1;
