import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { needsProcess, testFiles } from './test/support/test-files.ts';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Each has a configuration of its own. */
const otherSuites = ['interop', 'package', 'airflow', 'windows', 'powershell', 'wine'];

const alone = testFiles(needsProcess);

export default defineConfig({
  // The documents' snippets import the package by its name.
  resolve: {
    alias: [
      { find: /^ssh-via-gateway\/mock-server$/, replacement: source('mock-server/index.ts') },
      { find: '@apache-airflow/ts-sdk', replacement: source('../test/support/airflow-ts-sdk.ts') },
      { find: /^ssh-via-gateway$/, replacement: source('index.ts') },
    ],
  },
  test: {
    exclude: otherSuites.map((suite) => `test/${suite}/**`),
    // Many tests wait for a clock or a server rather than for the processor.
    maxWorkers: 5,
    // Clocks and real servers on a busy CI machine: a test that fails there is asked once more before it counts.
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        // One process for many files: to start one and to load the sources takes longer than most files' tests.
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          isolate: false,
          setupFiles: ['test/support/as-it-was.ts'],
        },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
});
