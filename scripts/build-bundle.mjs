// Makes dist/bundle: the self-contained build that bundlers get through the `module` condition of `exports`.
// Node never takes it. It holds everything but Node's own modules, so that any packer, without settings, makes a
// program that runs with no node_modules.
//
// `index.js` holds no code of its own: it passes on what is in the chunks, each of which a bundler may leave out. What
// needs no connection has chunks without one; who imports no more than that gets no more.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { noFolder, selfContained } from './self-contained.mjs';

rmSync('dist/bundle', { recursive: true, force: true });
/** Makes chunks of what these share with `index`; their own files are thrown away. */
const cuts = {
  'cut-all': 'src/index.ts',
  'cut-quote': 'src/exec/quote/index.ts',
  'cut-errors': 'src/errors/index.ts',
  'cut-job-id': 'src/job/make-job-id.ts',
  'cut-routes': 'src/route/proxy-command.ts',
};
const { metafile } = await build({
  entryPoints: { index: 'src/index.ts', 'mock-server': 'src/mock-server/index.ts', ...cuts },
  outdir: 'dist/bundle',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  splitting: true,
  chunkNames: '[name]-[hash]',
  legalComments: 'none',
  charset: 'utf8',
  minify: true,
  // Where a class or a function says its own name.
  keepNames: true,
  metafile: true,
  logLevel: 'warning',
  plugins: selfContained,
  define: noFolder,
});

for (const name of Object.keys(cuts)) rmSync(`dist/bundle/${name}.js`);

/** What is in the command line alone. */
const inProgram = ['node_modules/get-east-asian-width/index.js'];

/** The folders `node_modules/name` or `node_modules/@scope/name` that files of the build come from. */
function inlinedPackages(inputs) {
  const folders = [...Object.keys(inputs), ...inProgram].map(
    (file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1],
  );
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\..*)?$/i.test(entry));
  if (file === undefined) throw new Error(`${name} is inlined, but its licence was not found in ${folder}`);
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
}

const notices = inlinedPackages(metafile.inputs).map(licenceOf);
const heading = 'Parts of other packages are contained in the files of this folder. Their licences:\n';
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', [heading, ...notices].join(`\n${'-'.repeat(80)}\n\n`));

copyFileSync('src/customers/customers.schema.json', 'dist/customers.schema.json');
