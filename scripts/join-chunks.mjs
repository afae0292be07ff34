// Joins the chunks of the build. Because of code that is loaded on demand, esbuild splits the rest into a chunk for
// each set of users, and each file costs an import half a millisecond. Here, everything that an import of the library
// needs at once becomes one file, and so do two parts that are loaded while the network is waited for: what a login needs,
// and what a connection needs. What a first transfer of files needs is in three. What else is loaded on demand, and
// what the mock server needs too, stays separate. The result is then minified: white space is removed, code is
// shortened, and variables and private fields get short names.
// What a stack trace shows is kept: classes, methods, asynchronous functions, and lines short enough to tell where.
//
// The code exists once, as CommonJS; the ES modules re-export its names. So a program that imports the package and one
// of its libraries that requires it have the same classes, and nothing is installed twice. Bundlers pack the same code,
// see build-bundle.mjs. For their sake, it has neither a `require` of Node's own modules, which an ES module does not
// have, nor cycles of chunks, and what needs no connection is in `common`, which needs no package: a program that
// imports only that gets nothing else.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { minify } from 'terser';
import { builtin, compress, compressInPlace, lines } from './packable.mjs';
import { shortPrivates } from './short-privates.mjs';

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

const chunkOf = (name) => readdirSync('dist').find((file) => file.startsWith(`${name}-`));

const ofLibrary = loadedWith('index.js');
/** What a connection loads while it is made, in this order. */
const parts = ['log-in', 'connection'].map((name) => ({ name, files: loadedWith(chunkOf(name)) }));

const part = (name, ...chunks) => ({
  name,
  files: new Set(chunks.flatMap((chunk) => [...loadedWith(chunkOf(chunk))])),
});
/** What a first upload, a first download and a first operation on files load. */
const [up, down, client] = ['up', 'down', 'client'].map((name) => part(`sftp-${name}`, name));
/** What most of them do not need. */
const proofs = part('sftp-proofs', 'proofs');
const rarer = part('sftp-rarer', 'upload-folder', 'upload-stream', 'download-folder');
/** What two of them have in common; a file is in the first part that has it. */
const isShared = (file) => [up, down, client, proofs].filter(({ files }) => files.has(file)).length > 1;
parts.push({ name: 'sftp', files: new Set([...up.files, ...down.files, ...client.files].filter(isShared)) });
// What folders need of a transfer is in a file of its own: bundlers warn of files that load one another, if only later.
for (const { name, files } of [up, down])
  parts.push({ name: `${name}-one`, files: new Set([...files].filter((file) => rarer.files.has(file))) });
// Beside each other in the package, where what is alike is compressed together.
parts.push(up, down, client, proofs, rarer);
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

const partOf = (file) => parts.find(({ files }) => files.has(file))?.name;

function joined(id) {
  const file = basename(id);
  if (entries.includes(file)) return undefined;
  if (!ofLibrary.has(file)) return (ofMockServer.has(file) ? undefined : partOf(file)) ?? whereItLeads(file);
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

/** The chunks that `fileName` loads at once or, with `later`, also on demand, including itself. */
function reach(fileName, later = false, found = new Set()) {
  const chunk = output.find((one) => one.fileName === fileName);
  if (!chunk || found.has(fileName)) return found;
  found.add(fileName);
  const next = later ? [...chunk.imports, ...chunk.dynamicImports] : chunk.imports;
  for (const one of next) reach(one, later, found);
  return found;
}

/**
 * Access to Node's own modules that works in every output format of a bundler, and no cycles of chunks: the joined ones
 * are found in `common`, and whoever loads something that needs them loads them first. That they put themselves there is
 * what `sideEffects` in package.json names them for.
 */
function packableCode({ fileName, code, isEntry, imports }) {
  const builtins = code.replace(/\brequire\(['"]node:([\w/]+)['"]\)/g, (_, module) => builtin(module));
  const there = reach(fileName);
  const joinedOf = (loaded) => joinedChunks.map((one) => one.fileName).filter((one) => loaded.has(one));
  const onDemand = builtins.replace(/\breturn require\('\.\/([\w-]+\.cjs)'\)/g, (_, wanted) => {
    const first = joinedOf(reach(wanted)).filter((one) => !there.has(one) && one !== wanted);
    const files = [...first, wanted];
    return `return ${files.map((file) => `require('./${file}')`).join(', ')}`;
  });
  if (isEntry) {
    const needed = joinedOf(there).map((file) => `require('./${file}');\n`);
    return onDemand.replace(/^(?:#!.*\n)?\s*['"]use strict['"];/, `$&\n${needed.join('')}`);
  }
  const found = joinedChunks.filter((one) => imports.includes(one.fileName));
  const acyclic = found.reduce(
    (all, one) =>
      all.replace(`require('./${one.fileName}')`, `require('./${common.fileName}').${propertyOf(one)}`),
    onDemand,
  );
  // What was required for its effect only is there already.
  const needed = acyclic.replace(/^require\('\.\/common-[\w-]+\.cjs'\)\.[\w-]+;\n/gm, '');
  const isJoined = joinedChunks.some((one) => one.fileName === fileName);
  return isJoined
    ? `${needed}\nrequire('./${common.fileName}').${propertyOf({ fileName })} = exports;`
    : needed;
}

/** What shows in the stack traces of those who use the library; the command line tells its errors otherwise. */
const ofUsersPrograms = reach('index.cjs', true);
const publicNames = output.filter(({ isEntry }) => isEntry).flatMap((entry) => entry.exports);

const chunkNamed = (wanted) => output.find(({ name, isEntry }) => !isEntry && name === wanted);
const common = chunkNamed('common');
/** In the order in which they are loaded. */
const joinedChunks = ['core', 'log-in', 'connection'].map(chunkNamed);
const propertyOf = ({ fileName }) => fileName.split('-')[0];

/** A class that is a variable's value takes the variable's name. What has waited is all that is left in most traces. */
const namesToKeep = /^(?:(?:const|let|var) (\w+) = class\b|async function\*? (\w+))/gm;

const namesIn = (code, pattern) => Array.from(code.matchAll(pattern), ([, name, other]) => name ?? other);

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
  const reserved = [...publicNames, ...namesIn(code, namesToKeep)];
  const { code: mangled } = await minify(short, {
    compress: ofUsersPrograms.has(fileName) ? compressInPlace : compress,
    mangle: { toplevel: true, keep_classnames: true, reserved },
    // Node prints the whole line of an error that nobody catches.
    format: ofUsersPrograms.has(fileName) ? lines : { ...lines, max_line_len: 8000 },
  });
  writeFileSync(join('dist', fileName), shortPrivates(mangled.replaceAll(sign, '#')));
  if (isEntry && exports.length > 0 && name !== 'on-demand')
    writeFileSync(join('dist', `${name}.js`), `export { ${exports.join(', ')} } from './${fileName}';\n`);
}
const builtMain = {
  name: 'built-main',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/main\.ts$/ }, () => ({ path: './cli.cjs', external: true })),
};
await build({
  ...{ entryPoints: ['src/cli/start.ts'], outfile: 'dist/cli.js', plugins: [builtMain] },
  ...{ bundle: true, platform: 'node', target: 'node20', format: 'esm', minify: true },
  banner: { js: '#!/usr/bin/env node' },
});
chmodSync('dist/cli.js', 0o755);
