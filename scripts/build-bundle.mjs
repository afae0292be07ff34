// Makes dist/bundle: what bundlers use through the `module` condition of `exports`, and Node never does. From it, any
// bundler, without settings, makes a program that runs without node_modules.
//
// It contains none of our own code: `index.js` and `mock-server.js` re-export the CommonJS that Node uses. But that
// code loads packages from the disk in a way that bundlers do not see, because they could not bundle those packages:
// ssh2 asks for compiled parts, and `require` of Node's own modules, which all of them use, fails in an ES module.
// `packages.cjs` contains them without either, and gives them to our code.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { minify } from 'terser';
import { compress, lines, packable } from './packable.mjs';

rmSync('dist/bundle', { recursive: true, force: true });
mkdirSync('dist/bundle');
const require = createRequire(import.meta.url);
const [common] = readdirSync('dist').filter((name) => name.startsWith('common-'));

/** The parts of each package that we use, by the names that src/load/on-demand.ts asks for. */
const packages = `
const { usePacked } = require('../on-demand.cjs');
usePacked({
  'ssh2': () => ({
    Server: require('ssh2/lib/server.js'),
    utils: require('ssh2/lib/protocol/keyParser.js'),
  }),
  'ssh2/lib/client.js': () => require('ssh2/lib/client.js'),
  'ssh2/lib/agent.js': () => require('ssh2/lib/agent.js'),
  'ssh2/lib/protocol/keyParser.js': () => require('ssh2/lib/protocol/keyParser.js'),
  'bcrypt-pbkdf': () => require('bcrypt-pbkdf'),
  'debug': () => require('debug/src/node.js'),
  'iconv-lite': () => require('iconv-lite'),
  'ssh-config': () => require('ssh-config'),
});
exports.withPackages = (library) => library;`;

const { metafile, outputFiles } = await build({
  stdin: { contents: packages, resolveDir: 'dist/bundle', sourcefile: 'list.cjs' },
  outfile: 'dist/bundle/packages.cjs',
  external: ['../on-demand.cjs'],
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  charset: 'utf8',
  minify: true,
  write: false,
  metafile: true,
  logLevel: 'warning',
  plugins: packable,
});

const [{ text }] = outputFiles;
// No short lines: the next bundler makes its own.
const format = { ...lines, max_line_len: false };
const { code } = await minify(text, { compress, mangle: { toplevel: true }, format });
writeFileSync('dist/bundle/packages.cjs', code);

/** An entry: names that need no package are exported without them, and a bundler may leave out the rest. */
function passOn(entry, small) {
  const names = Object.keys(require(`../dist/${entry}.cjs`));
  const [light, rest] = [names.filter((name) => small.has(name)), names.filter((name) => !small.has(name))];
  const lines = [`export { ${rest.join(', ')} } from './${entry}.cjs';`];
  if (light.length > 0)
    lines.unshift(`export { ${light.map((n) => small.get(n)).join(', ')} } from '../${common}';`);
  writeFileSync(`dist/bundle/${entry}.js`, `${lines.join('\n')}\n`);
  writeFileSync(
    `dist/bundle/${entry}.cjs`,
    `module.exports = require('./packages.cjs').withPackages(require('../${entry}.cjs'));\n`,
  );
}

/** The library's names that are in the chunk without packages, and their names there. */
function namesInCommon() {
  const library = require('../dist/index.cjs');
  const there = new Map(Object.entries(require(`../dist/${common}`)).map(([name, value]) => [value, name]));
  const ours = Object.entries(library).filter(([, value]) => there.has(value));
  return new Map(ours.map(([name, value]) => [name, renamed(there.get(value), name)]));
}

const renamed = (from, to) => (from === to ? to : `${from} as ${to}`);

passOn('index', namesInCommon());
passOn('mock-server', new Map());

/** The folders `node_modules/name` or `node_modules/@scope/name` from which files of the build come. */
function inlinedPackages(inputs) {
  const folders = inputs.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\..*)?$/i.test(entry));
  if (file === undefined) throw new Error(`${name} is inlined, but its licence was not found in ${folder}`);
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
}

const ofOurCode = 'dist/metafile-esm.json';
const inputs = [JSON.parse(readFileSync(ofOurCode, 'utf8')), metafile].flatMap((file) =>
  Object.keys(file.inputs),
);
rmSync(ofOurCode);
const notices = inlinedPackages(inputs).map(licenceOf);
const heading = 'Parts of other packages are contained in the files of this folder. Their licences:\n';
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', [heading, ...notices].join(`\n${'-'.repeat(80)}\n\n`));

copyFileSync('src/customers/customers.schema.json', 'dist/customers.schema.json');
