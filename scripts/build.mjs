// npm run build: makes dist from the sources. A build takes half a minute and many commands begin with one, so it does
// nothing where dist is what these sources once made: the same inputs, and every file of dist as it was written.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stateOf } from './build-state.mjs';

/** All that the result depends on; the versions of what builds it are in the lock file. */
const inputs = ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsup.config.ts'];
const steps = [
  ['node', 'scripts/embed-scripts.mjs'],
  ['npx', '--no-install', 'tsup', '--silent'],
  ['node', 'scripts/types-once.mjs'],
  ['node', 'scripts/join-chunks.mjs'],
  ['node', 'scripts/build-bundle.mjs'],
];
const stamp = 'dist/.built';
const state = () => `${process.version} ${stateOf([...inputs, 'dist'], [stamp, 'dist/.bench'])}\n`;

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== state()) {
  for (const [program, ...args] of steps) {
    // npx is a batch file on Windows.
    const { status } = spawnSync(program, args, { stdio: 'inherit', shell: process.platform === 'win32' });
    if (status !== 0) process.exit(status ?? 1);
  }
  writeFileSync(stamp, state());
}
