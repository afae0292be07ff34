import { basename, dirname, resolve } from 'node:path';
import webpack from 'webpack';

const [entry, outfile, size = 'small'] = process.argv.slice(2);
const compiler = webpack({
  mode: 'production',
  target: 'node20',
  entry: resolve(entry),
  output: { path: resolve(dirname(outfile)), filename: basename(outfile), asyncChunks: false },
  performance: false,
  optimization: { minimize: size === 'small' },
});
compiler.run((error, stats) => {
  if (error || stats.hasErrors() || stats.hasWarnings()) {
    console.error(error ?? stats.toString());
    process.exitCode = 1;
  }
  compiler.close(() => {});
});
