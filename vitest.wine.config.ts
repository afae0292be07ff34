import { defineConfig } from 'vitest/config';

// The packed tarball in Node.js for Windows, under wine. Needs Linux, wine, mingw-w64 and the npm registry.
export default defineConfig({
  test: {
    include: ['test/wine/**/*.test.ts'],
    globalSetup: ['test/wine/support/setup.ts'],
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 90_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
});
