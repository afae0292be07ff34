import { defineConfig } from 'vitest/config';

// The packed task, run as Airflow's coordinator runs it, against a real sshd; then the same by Airflow itself. Needs
// root, the npm registry and PyPI.
export default defineConfig({
  test: {
    include: ['test/airflow/**/*.test.ts'],
    globalSetup: ['test/airflow/support/pack-task.ts'],
    testTimeout: 120_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
});
