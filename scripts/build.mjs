// npm run build: makes dist from the sources. A build takes half a minute and many commands begin with one, so it does
// nothing where dist is what these sources once made: the same inputs, and every file of dist as it was written.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { stateOf } from './build-state.mjs';

/** All that the result depends on. npm keeps in the hidden lock file what is installed, whatever package-lock.json says. */
const installed = 'node_modules/.package-lock.json';
const inputs = ['src', 'scripts', 'package.json', installed, 'tsconfig.json', 'tsup.config.ts'];
const steps = [
  'npm run --silent embed',
  'tsup --silent',
  'node scripts/types-once.mjs',
  'node scripts/join-chunks.mjs',
  'node scripts/build-bundle.mjs',
];
const stamp = 'dist/.built';
const state = () => `${process.version} ${stateOf([...inputs, 'dist'], [stamp, 'dist/.bench'])}\n`;

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== state()) {
  const { status } = spawnSync(steps.join(' && '), { stdio: 'inherit', shell: true });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, state());
}
