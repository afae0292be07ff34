// What esbuild needs to make a program of ours that holds everything but Node's own modules.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { brotliCompressSync } from 'node:zlib';
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

/** As `client-parts.ts` says; the rest is for the mock server, in a chunk of its own. */
const clientParts = `import Client from 'ssh2/lib/client.js';
import agent from 'ssh2/lib/agent.js';
import keyParser from 'ssh2/lib/protocol/keyParser.js';
export const ssh2 = { Client, ...agent, ...keyParser };`;
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
      contents: clientParts,
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

/** The tables of Chinese, Japanese and Korean code pages are a fifth of all: packed, and unpacked by who needs one. */
const packTables = {
  name: 'pack-tables',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]iconv-lite[\\/]encodings[\\/]tables[\\/].*\.json$/ }, ({ path }) => {
      const table = JSON.stringify(JSON.parse(readFileSync(path, 'utf8')));
      const packed = brotliCompressSync(table).toString('base64');
      const unpacked = `require('zlib').brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString()`;
      return { contents: `module.exports = JSON.parse(${unpacked});`, loader: 'js' };
    });
  },
};

/** Of all of tweetnacl bcrypt-pbkdf, who alone wants it, takes one hash, which Node has. */
const hashOfNode = {
  name: 'hash-of-node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^tweetnacl$/ }, ({ path }) => ({ path, namespace: 'hash-of-node' }));
    onLoad({ filter: /.*/, namespace: 'hash-of-node' }, () => ({
      contents: `const { createHash } = require('crypto');
exports.lowlevel = {
  crypto_hash: (out, bytes, length) => out.set(createHash('sha512').update(bytes.subarray(0, length)).digest()),
};`,
      resolveDir: process.cwd(),
    }));
  },
};

/** In this order. */
export const selfContained = [
  insidesInShort,
  importAtOnce,
  leaveOutOptionalParts,
  packTables,
  hashOfNode,
  importBuiltins,
];

/**
 * ssh2's WebAssembly part asks for the name of its folder, but its code is inlined. Its Pageant agent for Windows looks
 * there for a program, which no bundle has: in bundles, use the OpenSSH agent.
 */
export const noFolder = { __dirname: '"/"', __filename: '"/ssh2.js"' };
