import { defineConfig } from 'vitest/config';

// Real OpenSSH, real networks. Slow by nature, mostly waiting, and sensitive to load: three files at a time.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    // Clocks and real servers on a busy CI machine: a test that fails there is asked once more before it counts.
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
  },
});
