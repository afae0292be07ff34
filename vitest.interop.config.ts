import { defineConfig } from 'vitest/config';

// Real OpenSSH, real networks. Slow by nature, mostly waiting, and sensitive to load: two files at a time.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
