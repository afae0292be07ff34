// Makes dist/bundle: the self-contained build that bundlers get through the `module` condition of `exports`.
// Node never takes it. It holds everything but Node's own modules, so that any packer, without settings, makes a
// program that runs with no node_modules.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { build } from 'esbuild';

const builtins = new Set(builtinModules);

/**
 * ssh2 is CommonJS. Its `require('net')` would become a `require` at run time, which an ES module does not have
 * and which the next bundler cannot see through. An import of Node's own module works in every output format.
 */
const importBuiltins = {
  name: 'import-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!builtins.has(name)) return undefined;
      if (kind === 'require-call') return { path: name, namespace: 'builtin' };
      return { path: `node:${name}`, external: true };
    });
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `import builtin from 'node:${path}';\nmodule.exports = builtin;`,
    }));
  },
};

/**
 * Parts that their users `require` inside a `try` and do without: compiled code, which no bundler can carry, and
 * the colour test of `debug`. ssh2 falls back to Node's own crypto, so a bundle behaves alike wherever it runs.
 */
const leaveOutOptionalParts = {
  name: 'leave-out-optional-parts',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.node$|^cpu-features$|^supports-color$/ }, ({ path }) => ({
      path,
      namespace: 'left-out',
    }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is left out of bundles`)});`,
    }));
  },
};

const wholeSsh2 = `import whole from 'ssh2';
const { utils, ...rest } = whole;
export const ssh2 = { ...rest, ...utils };`;
const packagesOnDemand = `import debug from 'debug';
import iconv from 'iconv-lite';
export const loadDebug = () => debug;
export const loadIconv = () => iconv;`;

/**
 * What is loaded on demand elsewhere is in the bundle from the start: a packer that writes one file would look for the
 * others in vain.
 */
const importAtOnce = {
  name: 'import-at-once',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]load[\\/]on-demand\.ts$/ }, () => ({
      contents: packagesOnDemand,
      resolveDir: process.cwd(),
    }));
    onLoad({ filter: /[\\/]src[\\/]ssh2[\\/]insides[\\/]client-parts\.ts$/ }, () => ({
      contents: wholeSsh2,
      resolveDir: process.cwd(),
    }));
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const imports = [];
      const code = readFileSync(path, 'utf8').replace(/\bimport\(('[^']+')\)/g, (_, from) => {
        const name = `onDemand${imports.length}`;
        imports.push(`import * as ${name} from ${from};`);
        return `Promise.resolve(${name})`;
      });
      return { contents: [...imports, code].join('\n'), loader: 'ts' };
    });
  },
};

rmSync('dist/bundle', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { index: 'src/index.ts', 'mock-server': 'src/mock-server/index.ts' },
  outdir: 'dist/bundle',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  splitting: true,
  chunkNames: '[name]-[hash]',
  legalComments: 'none',
  charset: 'utf8',
  minifyWhitespace: true,
  metafile: true,
  logLevel: 'warning',
  plugins: [importAtOnce, leaveOutOptionalParts, importBuiltins],
  // ssh2's WebAssembly part asks for the name of its folder, but its code is inlined. Its Pageant agent for Windows
  // looks there for a program, which no bundle has: in bundles, use the OpenSSH agent.
  define: { __dirname: '"/"', __filename: '"/ssh2.js"' },
});

/** The folders `node_modules/name` or `node_modules/@scope/name` that files of the build come from. */
function inlinedPackages(inputs) {
  const folders = Object.keys(inputs).map(
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
