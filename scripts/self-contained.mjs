// What esbuild needs to make a program of ours that holds everything but Node's own modules.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { insidesInShort } from './insides-in-short.mjs';

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
import bcrypt from 'bcrypt-pbkdf';
export const loadDebug = () => debug;
export const loadIconv = () => iconv;
export const loadBcrypt = () => bcrypt;`;

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

/** In this order. */
export const selfContained = [insidesInShort, importAtOnce, leaveOutOptionalParts, importBuiltins];

/**
 * ssh2's WebAssembly part asks for the name of its folder, but its code is inlined. Its Pageant agent for Windows looks
 * there for a program, which no bundle has: in bundles, use the OpenSSH agent.
 */
export const noFolder = { __dirname: '"/"', __filename: '"/ssh2.js"' };
