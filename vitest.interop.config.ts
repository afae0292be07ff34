import { defineConfig } from 'vitest/config';

// Real OpenSSH, real networks. Slow by nature and sensitive to load: one file at a time.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
