import { existsSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { insidesInShort } from './scripts/insides-in-short.mjs';

const library = { index: 'src/index.ts', 'mock-server': 'src/mock-server/index.ts' };

// The command line is a program, not a library: no types. It shares chunks with the library.
const program: Record<string, string> = existsSync('src/cli/main.ts') ? { cli: 'src/cli/main.ts' } : {};

export default defineConfig({
  entry: { ...library, ...program },
  // scripts/join-chunks.mjs makes CommonJS of it.
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  // What only our own code may call (`@internal`) would drag the types of ssh2 into the declarations.
  dts: { entry: library, compilerOptions: { stripInternal: true } },
  clean: true,
  sourcemap: false,
  // Some modules, such as node:sea, have no name without it.
  removeNodeProtocol: false,
  esbuildPlugins: [insidesInShort],
  // Small enough to be inlined.
  noExternal: ['proxy-from-env', 'get-east-asian-width', '@noble/hashes'],
});
