import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { runOrThrow } from './run.ts';

interface InstallOptions {
  /** Whether install scripts run, as by default, or not (`--ignore-scripts`). */
  scripts: boolean;
  /** More packages to install, as `name` to `version`. */
  also?: Record<string, string>;
}

/** Makes `folder` a package of a user's that depends on the tarball, and installs it. */
export async function install(folder: string, tarball: string, options: InstallOptions): Promise<void> {
  const manifest = {
    private: true,
    dependencies: { 'ssh-via-gateway': `file:${tarball}` },
    devDependencies: options.also ?? {},
    allowScripts: { ssh2: true, 'cpu-features': true },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
  const scripts = options.scripts ? [] : ['--ignore-scripts'];
  await runOrThrow('npm', ['install', '--no-audit', '--no-fund', ...scripts], {
    cwd: folder,
    timeout: 280_000,
  });
}

/** An empty folder outside the repository, with no `node_modules` above it; gone after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-empty-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Copies the programs that the tests run into a user's folder. */
export function copyPrograms(folder: string): void {
  cpSync(resolve('test/package/programs'), folder, { recursive: true });
}
