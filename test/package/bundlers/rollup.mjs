import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import nodeResolve from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';

const [entry, outfile] = process.argv.slice(2);
const plugins = [nodeResolve({ preferBuiltins: true }), commonjs(), json()];
const bundle = await rollup({ input: entry, plugins, onwarn: fail });
await bundle.write({ file: outfile, format: 'es', inlineDynamicImports: true });
await bundle.close();

function fail(warning) {
  console.error(warning.message);
  process.exitCode = 1;
}
