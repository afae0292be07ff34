import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', 'mock-server': 'src/mock-server/index.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: true,
  clean: true,
  splitting: true,
  sourcemap: false,
  // p-retry and p-timeout are ESM only; inlined, they also work from CommonJS and from Jest.
  noExternal: ['p-retry', 'p-timeout'],
});
