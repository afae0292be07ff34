import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { install } from './consumer.ts';
import { nodeBinary, nodeVersions } from './nodes.ts';
import { runOrThrow } from './run.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The tarball, as `npm publish` would send it. */
    tarball: string;
    /** A folder in which the tarball is installed without running install scripts. Not to be changed. */
    plainInstall: string;
  }
}

/** Packs what was built, installs it once, and fetches the Nodes, so that test files can share them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-package-'));
  const packed = await runOrThrow(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    {
      cwd: process.cwd(),
    },
  );
  const tarball = join(folder, fileName(JSON.parse(packed)));
  const plainInstall = join(folder, 'plain');
  mkdirSync(plainInstall);
  await Promise.all([
    install(plainInstall, tarball, { scripts: false }),
    ...nodeVersions.map((version) => nodeBinary(version)),
  ]);
  project.provide('tarball', tarball);
  project.provide('plainInstall', plainInstall);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** npm printed a list of packages; newer ones print an object by name. */
function fileName(report: Record<string, { filename: string }>): string {
  const [first] = Object.values(report);
  if (!first) throw new Error('npm pack named no file');
  return first.filename;
}
