import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These take more than a minute: begun last, each would run alone at the end. */
const longest = [
  ...['cut-every-byte', 'tunnel-reclaim', 'onboarding', 'tunnel-recovery', 'sftp-cut'],
  ...['doctor-slow-line', 'wire', 'job', 'known-hosts', 'floods'],
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = longest.indexOf(basename(moduleId, '.test.ts'));
      return index === -1 ? longest.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

// Real OpenSSH, real networks. Slow by nature, mostly waiting, and sensitive to load: four files at a time.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    // Clocks and real servers on a busy CI machine: a test that fails there is asked once more before it counts.
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
  },
});
