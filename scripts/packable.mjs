// What esbuild needs to turn ssh2 and the other packages into one file that any bundler can pack again.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { brotliCompressSync } from 'node:zlib';

const builtins = new Set(builtinModules);

/** Replaces what a `require` of `path` would return. */
const instead = (name, filter, contents) => ({
  name,
  setup({ onResolve, onLoad }) {
    onResolve({ filter }, ({ path }) => ({ path, namespace: name }));
    onLoad({ filter: /.*/, namespace: name }, ({ path }) => ({ contents: contents(path) }));
  },
});

/** An ES module has no `require` for Node's own modules; this works in every output format. Node has it since 20.16. */
const builtinsAnywhere = {
  name: 'builtins-anywhere',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path }) => {
      const name = path.replace(/^node:/, '');
      return builtins.has(name) ? { path: name, namespace: 'builtin' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = ${builtin(path)};`,
    }));
  },
};

/** Options for terser. Strings are not continued on the next line, as some bundlers would indent that. */
export const lines = { ecma: 2022, comments: false, max_line_len: 160 };

/** Options for terser: everything that is safe. */
export const compress = { ecma: 2022, toplevel: true, passes: 2, keep_classnames: true };

/**
 * Nothing that moves code into other functions or variables: closures would hold more, 5 KiB for each open connection, and
 * traces show less.
 */
export const compressInPlace = {
  ...{ defaults: false, ecma: 2022, conditionals: true, comparisons: true, booleans: true, evaluate: true },
  ...{ dead_code: true, if_return: true, sequences: true, properties: true, typeofs: true },
};

/** A chunk may use the name `process` for something else. */
export const builtin = (name) => `globalThis.process.getBuiltinModule('node:${name}')`;

/**
 * Parts that are required inside a `try` and can be missing: compiled code, which no bundler can carry, and the colour
 * test of `debug`. ssh2 falls back to Node's own crypto, so a bundle behaves the same wherever it runs.
 */
const leaveOutOptionalParts = instead(
  'left-out',
  /\.node$|^cpu-features$|^supports-color$/,
  (path) => `throw new Error(${JSON.stringify(`${path} is left out of bundles`)});`,
);

/** We have our own. */
const leaveOutSftp = instead(
  'left-out-sftp',
  /\/protocol\/SFTP\.js$|^\.\/SFTP\.js$/,
  () => 'exports.SFTP = class {};',
);

/** The code page tables need nothing from Node: the next bundler takes them from the package. */
const leaveTables = {
  name: 'leave-tables',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(tables\/.*\.json|sbcs-data(-generated)?)$/ }, ({ path }) => ({
      path: path.replace('./', 'iconv-lite/encodings/').replace(/sbcs-data(-generated)?$/, '$&.js'),
      external: true,
    }));
  },
};

/** Only bcrypt-pbkdf uses tweetnacl, and only one hash of it, which Node has. */
const hashOfNode = instead(
  'hash-of-node',
  /^tweetnacl$/,
  () => `const { createHash } = ${builtin('crypto')};
exports.lowlevel = {
  crypto_hash: (out, bytes, length) => out.set(createHash('sha512').update(bytes.subarray(0, length)).digest()),
};`,
);

/**
 * The WebAssembly of ssh2's Poly1305, compressed, and only as much of Emscripten's wrapper as ssh2 calls: its names for
 * memory and functions. It has enough memory from the start, and never asks for more.
 */
const shortPoly1305 = {
  name: 'short-poly1305',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]crypto[\\/]poly1305\.js$/ }, ({ path }) => {
      const base64 = /"data:application\/octet-stream;base64,([^"]+)"/.exec(readFileSync(path, 'utf8'))[1];
      const packed = brotliCompressSync(Buffer.from(base64, 'base64')).toString('base64');
      const contents = `const { brotliDecompressSync } = ${builtin('zlib')};
module.exports = async () => {
  const bytes = brotliDecompressSync(Buffer.from('${packed}', 'base64'));
  const { instance } = await WebAssembly.instantiate(bytes, { a: { a: () => 0 } });
  const { b: memory, c: begin, d: authenticate, e: stackTop, f: stackBack, g: stackRoom, h: malloc } = instance.exports;
  begin();
  const HEAPU8 = new Uint8Array(memory.buffer);
  const numberOf = (value) => {
    if (typeof value === 'number') return value;
    const address = stackRoom(value.length);
    HEAPU8.set(value, address);
    return address;
  };
  const call = (...values) => {
    const top = stackTop();
    authenticate(...values.map(numberOf));
    stackBack(top);
  };
  return { HEAPU8, _malloc: malloc, cwrap: () => call };
};`;
      return { contents };
    });
  },
};

/** ssh2's agent for Pageant asks a program in ssh2's folder, which no bundle has: there, use the OpenSSH agent. */
const noPageant = `class PageantAgent extends OpenSSHAgent {
  getStream(done) {
    done(new Error('Pageant cannot be reached from a bundle'));
  }
}`;

/**
 * What nobody can reach in a bundle: ssh2's messages for its option `debug`, which we never set, its classes for
 * compiled ciphers, which are not there, and Pageant. They are a tenth of it.
 */
const leaveOutUnreachable = {
  name: 'leave-out-unreachable',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]ssh2[\\/]lib[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(/\b(?:this|self|proto)\._debug\b(?!\s*=[^=])/g, 'false')
        .replace(/\bdebug\s*&&\s*debug\(/g, 'false && debug(')
        .replace(/^try \{\s+binding = require\([\s\S]*?\} catch \{\}$/m, '')
        .replace(/^const PageantAgent = [\s\S]*?^\}\)\(\);$/m, noPageant),
    }));
  },
};

/** In this order. */
export const packable = [
  leaveOutOptionalParts,
  leaveOutSftp,
  leaveTables,
  shortPoly1305,
  leaveOutUnreachable,
  hashOfNode,
  builtinsAnywhere,
];
