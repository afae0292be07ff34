import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { windowsVersions } from './src/windows/versions.ts';
import { needsProcess, testFiles } from './test/support/test-files.ts';

/** Those that ask the mock server: the others are the same for every version. */
const filesOnMock = testFiles(/\/mock-sftp\.ts/, 'test/sftp');

const jobs = ['test/job/run-job*.test.ts', 'test/job/{limits-and-looks,env-secrets}.test.ts'];
// The first go through the versions themselves, the other is about servers that are not Windows.
const others = ['test/sftp/windows*.test.ts', 'test/sftp/writes-in-order.test.ts'];
const needing = new Set(testFiles(needsProcess, 'test/sftp'));
const alone = filesOnMock.filter((file) => needing.has(file));

type Project = NonNullable<TestProjectInlineConfiguration['test']>;
const againstEach = (project: Project & { name: string }) =>
  windowsVersions.map((version) => ({
    test: {
      ...project,
      name: `${project.name} ${version}`,
      env: { MOCK_WINDOWS: version },
      testTimeout: 20_000,
      hookTimeout: 20_000,
    },
  }));

/** The tests of files and jobs, against the mock server as each OpenSSH for Windows. */
export default defineConfig({
  test: {
    maxWorkers: 6,
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      ...againstEach({
        name: 'Windows',
        include: [...filesOnMock, ...jobs],
        exclude: [...others, ...alone],
        isolate: false,
        setupFiles: ['test/support/as-it-was.ts'],
      }),
      ...againstEach({ name: 'alone, Windows', include: alone, exclude: others }),
    ],
  },
});
