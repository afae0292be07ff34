import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

// CI runs on Linux; there it looks into /proc.
it.runIf(process.platform === 'linux')(
  'a test that blocks its process is named with where it stands, and the others go on',
  () => {
    const folder = mkdtempSync(join(root, 'node_modules/.stuck-'));
    try {
      writeFileSync(
        join(folder, 'loop.test.mjs'),
        "import { it } from 'vitest';\nit('loops', function forEver() { for (;;) Math.sqrt(2); });\n",
      );
      writeFileSync(
        join(folder, 'fine.test.mjs'),
        "import { it } from 'vitest';\nit('is fine', () => {});\n",
      );
      const config = join(folder, 'vitest.config.mjs');
      writeFileSync(config, `export default { test: { include: ['*.test.mjs'], maxWorkers: 1 } };`);
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [
          join(root, 'node_modules/vitest/vitest.mjs'),
          ...['run', '--config', config, '--root', folder],
          ...['--reporter=default', `--reporter=${join(root, '.ci/stuck.mjs')}`],
        ],
        { encoding: 'utf8', env: { ...process.env, STUCK_AFTER_MS: '1500' }, timeout: 60_000 },
      );
      expect(stderr).toContain('Nothing has ended for 1.5 s. Running: ');
      expect(stderr).toMatch(/#0 forEver .*loop\.test\.mjs:2/);
      expect(stdout).toMatch(/Tests.*1 passed/);
      expect(status).toBe(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
