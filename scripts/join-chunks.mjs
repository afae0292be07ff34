// Joins the ES module chunks that the build has made. Code that is loaded on demand makes esbuild cut the rest into a
// chunk for each set of users, and each file costs an import half a millisecond. Here all that an import of the library
// needs at once becomes one file; what is loaded on demand, and what the mock server needs too, stays apart. Then the white
// space goes from all that was built; names stay, and lines short enough for a stack trace to say where.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { transform } from 'esbuild';
import { rollup } from 'rollup';

const entries = ['index.js', 'mock-server.js', 'cli.js'];

/** The files that an import of `file` loads at once, itself included. */
function loadedWith(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const code = readFileSync(join('dist', file), 'utf8');
  for (const [, other] of code.matchAll(/^(?:import|export|\}).*?["']\.\/([^"']+)["'];$/gm)) {
    loadedWith(other, found);
  }
  return found;
}

const ofLibrary = loadedWith('index.js');
const ofMockServer = loadedWith('mock-server.js');

function joined(id) {
  const file = basename(id);
  if (!ofLibrary.has(file) || entries.includes(file)) return undefined;
  return ofMockServer.has(file) ? 'common' : 'core';
}

const bundle = await rollup({
  input: entries.map((file) => join('dist', file)),
  external: (id) => !/^[./]/.test(id) && !id.startsWith(process.cwd()),
  treeshake: false,
  onwarn({ message }) {
    throw new Error(message);
  },
});
const { output } = await bundle.generate({
  format: 'es',
  entryFileNames: '[name].js',
  chunkFileNames: ({ name }) => `${name.replace(/-[A-Z0-9]{8}$/, '')}-[hash].js`,
  manualChunks: joined,
  hoistTransitiveImports: false,
});
await bundle.close();
for (const file of readdirSync('dist')) if (file.endsWith('.js')) rmSync(join('dist', file));
for (const { fileName, code } of output) writeFileSync(join('dist', fileName), code);
for (const file of readdirSync('dist').filter((name) => /\.c?js$/.test(name))) {
  const path = join('dist', file);
  const { code } = await transform(readFileSync(path, 'utf8'), {
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    minifyWhitespace: true,
    lineLimit: 120,
    legalComments: 'none',
  });
  writeFileSync(path, code);
}
chmodSync('dist/cli.js', 0o755);
