import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { windowsVersions } from './src/windows/versions.ts';

/** Those that ask the mock server: the others are the same for every version. */
const filesOnMock = readdirSync('test/sftp')
  .map((name) => `test/sftp/${name}`)
  .filter((file) => file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes('/mock-sftp.ts'));

/** The tests of files and jobs, against the mock server as each OpenSSH for Windows. */
export default defineConfig({
  test: {
    maxWorkers: 6,
    retry: process.env['CI'] ? 1 : 0,
    projects: windowsVersions.map((version) => ({
      test: {
        name: `Windows ${version}`,
        include: [
          ...filesOnMock,
          'test/job/run-job*.test.ts',
          'test/job/{limits-and-looks,env-secrets}.test.ts',
        ],
        // The first go through the versions themselves, the other is about servers that are not Windows.
        exclude: ['test/sftp/windows*.test.ts', 'test/sftp/writes-in-order.test.ts'],
        env: { MOCK_WINDOWS: version },
        testTimeout: 20_000,
        hookTimeout: 20_000,
      },
    })),
  },
});
