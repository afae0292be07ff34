import { defineConfig } from 'vitest/config';

// A real Windows with OpenSSH Server and Windows PowerShell 5.1, as customers' PCs have them: see test/windows/pc.ts.
export default defineConfig({
  test: {
    include: ['test/windows/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
