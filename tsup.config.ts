import { existsSync, readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import { defineConfig } from 'tsup';
import { insidesInShort } from './scripts/insides-in-short.mjs';

const library = { index: 'src/index.ts', 'mock-server': 'src/mock-server/index.ts' };

// The command line is a program, not a library: no types. It shares chunks with the library.
const program: Record<string, string> = existsSync('src/cli/main.ts') ? { cli: 'src/cli/main.ts' } : {};

// What the packages for bundlers call: scripts/build-bundle.mjs.
const forBundlers = { 'on-demand': 'src/load/on-demand.ts' };

// Makes chunks of what needs no connection, for scripts/join-chunks.mjs; what they are called is thrown away.
const parts = {
  'part-quote': 'src/exec/quote/index.ts',
  'part-errors': 'src/errors/index.ts',
  'part-job-id': 'src/job/make-job-id.ts',
  'part-routes': 'src/route/proxy-command.ts',
};

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const knowVersion: Plugin = {
  name: 'know-version',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]cli[\\/]version\.ts$/ }, () => ({
      contents: `export const packageVersion = () => ${JSON.stringify(version)};`,
    }));
  },
};

export default defineConfig({
  entry: { ...library, ...program, ...forBundlers, ...parts },
  // scripts/join-chunks.mjs makes CommonJS of it.
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  // What only our own code may call (`@internal`) would drag the types of ssh2 into the declarations.
  dts: { entry: library, compilerOptions: { stripInternal: true } },
  clean: true,
  sourcemap: false,
  // Whose licences are in what was built: scripts/build-bundle.mjs.
  metafile: true,
  // Some modules, such as node:sea, have no name without it.
  removeNodeProtocol: false,
  esbuildPlugins: [insidesInShort, knowVersion],
  // Small enough to be inlined.
  noExternal: ['proxy-from-env', 'get-east-asian-width', '@noble/hashes'],
});
