// Joins the chunks that the build has made. Code that is loaded on demand makes esbuild cut the rest into a chunk for each
// set of users, and each file costs an import half a millisecond. Here all that an import of the library needs at once
// becomes one file; what is loaded on demand, and what the mock server needs too, stays apart. Then white space goes
// from all that was built, what can be said shorter is, and what is named within a function alone gets short names. What
// a stack trace and a debugger show stays: functions, classes and their members, and lines short enough to say where.
//
// The code is CommonJS, once; the ES modules pass on its names. So a program that imports the package and a library of its
// that requires it have the same classes, and nothing is installed twice. Bundlers get ES modules: see build-bundle.mjs.
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
  plugins: [
    { name: 'file-urls', resolveImportMeta: () => "require('node:url').pathToFileURL(__filename).href" },
  ],
  treeshake: false,
  onwarn({ message }) {
    throw new Error(message);
  },
});
const { output } = await bundle.generate({
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: ({ name }) => `${name.replace(/-[A-Z0-9]{8}$/, '')}-[hash].cjs`,
  manualChunks: joined,
  hoistTransitiveImports: false,
  exports: 'named',
  esModule: true,
  // What is not ours is Node's, or CommonJS without a mark.
  interop: 'default',
  strict: true,
});
await bundle.close();
for (const file of readdirSync('dist')) if (/\.c?js$/.test(file)) rmSync(join('dist', file));
/** esbuild shortens the names of private members, which a stack trace shows: a letter hides their sign from it. */
const sign = 'ǃ';

for (const { fileName, code, isEntry, name, exports } of output) {
  if (code.includes(sign)) throw new Error(`${fileName} has the letter ${sign} of its own`);
  const minified = await transform(code.replace(/#(?=[\w$])/g, sign), {
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    // Without a format esbuild takes what is declared at the top for public, and leaves it its name.
    minify: true,
    lineLimit: 120,
    legalComments: 'none',
  });
  writeFileSync(join('dist', fileName), minified.code.replaceAll(sign, '#'));
  if (isEntry && exports.length > 0)
    writeFileSync(join('dist', `${name}.js`), `export { ${exports.join(', ')} } from './${fileName}';\n`);
}
writeFileSync('dist/cli.js', "#!/usr/bin/env node\nimport './cli.cjs';\n");
chmodSync('dist/cli.js', 0o755);
