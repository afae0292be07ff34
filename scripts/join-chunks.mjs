// Joins the chunks of the build. Because of code that is loaded on demand, esbuild splits the rest into a chunk for
// each set of users, and each file costs an import half a millisecond. Here, everything that an import of the library
// needs at once becomes one file; what is loaded on demand, and what the mock server needs too, stays separate. The
// result is then minified: white space is removed, code is shortened, and variables and private fields get short names.
// What a stack trace shows is kept: functions, classes and methods, and lines short enough to tell where.
//
// The code exists once, as CommonJS; the ES modules re-export its names. So a program that imports the package and one
// of its libraries that requires it have the same classes, and nothing is installed twice. Bundlers pack the same code,
// see build-bundle.mjs. For their sake, it has neither a `require` of Node's own modules, which an ES module does not
// have, nor cycles of chunks, and what needs no connection is in `common`, which needs no package: a program that
// imports only that gets nothing else.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { transform } from 'esbuild';
import { rollup } from 'rollup';
import { minify } from 'terser';
import { builtin, lines } from './packable.mjs';

const entries = ['index.js', 'mock-server.js', 'cli.js', 'on-demand.js'];

/** The files that an import of `file` loads at once, including itself. */
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
const ofSmallParts = new Set();
for (const part of readdirSync('dist').filter((file) => file.startsWith('part-')))
  loadedWith(part, ofSmallParts);

/** The chunk that a file without code of its own re-exports; such a file is not worth keeping. */
function whereItLeads(file) {
  const code = readFileSync(join('dist', file), 'utf8');
  if (code.replace(/^import (?:\{[^}]*\} from )?"[^"]+";$|^export \{[^}]*\};$/gm, '').trim() !== '')
    return undefined;
  const [only, ...more] = [...loadedWith(file)].filter((other) => other !== file && !ofLibrary.has(other));
  if (more.length > 0) return undefined;
  return only === undefined ? 'core' : basename(only, '.js');
}

function joined(id) {
  const file = basename(id);
  if (entries.includes(file)) return undefined;
  if (!ofLibrary.has(file)) return whereItLeads(file);
  return ofMockServer.has(file) || ofSmallParts.has(file) ? 'common' : 'core';
}

const bundle = await rollup({
  input: entries.map((file) => join('dist', file)),
  external: (id) => !/^[./]/.test(id) && !id.startsWith(process.cwd()),
  plugins: [
    { name: 'file-urls', resolveImportMeta: () => `${builtin('url')}.pathToFileURL(__filename).href` },
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
  minifyInternalExports: true,
  exports: 'named',
  esModule: true,
  // Other modules are Node's, or CommonJS without an interop marker.
  interop: 'default',
  strict: true,
});
await bundle.close();
for (const file of readdirSync('dist')) if (/\.c?js$/.test(file)) rmSync(join('dist', file));

/** Access to Node's own modules that works in every output format of a bundler, and no cycles of chunks. */
function packableCode({ fileName, code, isEntry }) {
  const builtins = code.replace(/\brequire\(['"]node:([\w/]+)['"]\)/g, (_, module) => builtin(module));
  if (fileName === core.fileName) return `${builtins}\nrequire('./${common.fileName}').core = exports;`;
  if (isEntry)
    return reaches(fileName)
      ? builtins.replace(/^(?:#!.*\n)?\s*['"]use strict['"];/, `$&\nrequire('./${core.fileName}');\n`)
      : builtins;
  return builtins.replace(`require('./${core.fileName}')`, `require('./${common.fileName}').core`);
}

/** Whether an entry needs `core`, at once or on demand; if so, it loads that before whatever finds it in `common`. */
function reaches(fileName, seen = new Set()) {
  if (fileName === core.fileName) return true;
  if (seen.has(fileName)) return false;
  seen.add(fileName);
  const { imports, dynamicImports } = output.find((chunk) => chunk.fileName === fileName) ?? {};
  return [...(imports ?? []), ...(dynamicImports ?? [])].some((next) => reaches(next, seen));
}

const chunkNamed = (wanted) => output.find(({ name, isEntry }) => !isEntry && name === wanted);
const [core, common] = ['core', 'common'].map(chunkNamed);

/** A function or class that is a variable's value takes the variable's name. */
const namesake = /^(?:const|let|var) (\w+) = (?:async )?(?:\(|\w+ =>|function\b|class\b)/gm;

const namesIn = (code, pattern) => Array.from(code.matchAll(pattern), ([, name]) => name);

/** terser would shorten the names of private methods, too: a letter in place of the `#` hides them from it. */
const sign = 'ǃ';

for (const chunk of output) {
  const { fileName, isEntry, name, exports } = chunk;
  if (chunk.code.includes(sign)) throw new Error(`${fileName} has the letter ${sign} of its own`);
  const methods = namesIn(chunk.code, /^\s*(?:static )?(?:async )?\*?(?:[gs]et )?#(\w+)\(.*\{$/gm);
  const code = packableCode(chunk).replace(new RegExp(`#(?=(?:${methods.join('|')})\\b)`, 'g'), sign);
  const { code: short } = await transform(code, {
    ...{ platform: 'node', target: 'node20', charset: 'utf8', legalComments: 'none' },
    ...{ minifySyntax: true, minifyWhitespace: true },
  });
  const { code: mangled } = await minify(short, {
    compress: false,
    mangle: { toplevel: true, keep_fnames: true, keep_classnames: true, reserved: namesIn(code, namesake) },
    format: lines,
  });
  writeFileSync(join('dist', fileName), mangled.replaceAll(sign, '#'));
  if (isEntry && exports.length > 0 && name !== 'on-demand')
    writeFileSync(join('dist', `${name}.js`), `export { ${exports.join(', ')} } from './${fileName}';\n`);
}
writeFileSync('dist/cli.js', "#!/usr/bin/env node\nimport './cli.cjs';\n");
chmodSync('dist/cli.js', 0o755);
