import { defineConfig } from 'vitest/config';

// What is published: the tarball, installed into empty folders as a user would. Needs the npm registry.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/support/install-tarball.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
