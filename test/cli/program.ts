import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

/** What is tested instead, when it is named: the program in one file, which needs no Node. */
const single = process.env['SSH_VIA_GATEWAY_PROGRAM'];

/** How to start the program as a process. It is built before the tests of the file that calls this. */
export function programFor(name: string): readonly [file: string, ...args: string[]] {
  if (single) return [resolve(single)];
  /** Beneath node_modules, so that the program finds its packages. */
  const folder = resolve(`node_modules/.cache/ssh-via-gateway-${name}-${process.pid}`);
  const program = join(folder, 'cli.mjs');
  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    const options = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
    const files = { entryPoints: ['src/cli/main.ts'], outfile: program };
    await build({ ...options, ...files, packages: 'external', logLevel: 'error' });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return [process.execPath, program];
}
