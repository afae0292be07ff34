// Makes dist-single/ssh-via-gateway (.exe on Windows): the program and the Node that runs this script, in one file, for
// machines without Node. It is made on the system that it is for; see https://nodejs.org/api/single-executable-applications.html
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { inject } from 'postject';
import { noFolder, selfContained } from './self-contained.mjs';

const folder = 'dist-single';
const program = `${folder}/ssh-via-gateway${process.platform === 'win32' ? '.exe' : ''}`;
const isMac = process.platform === 'darwin';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** There is no package.json beside the program. */
const knowVersion = {
  name: 'know-version',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]cli[\\/]version\.ts$/ }, () => ({
      contents: `export const packageVersion = () => ${JSON.stringify(version)};`,
    }));
  },
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
await build({
  entryPoints: ['src/cli/main.ts'],
  outfile: `${folder}/program.cjs`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'none',
  minifyWhitespace: true,
  logLevel: 'warning',
  plugins: [knowVersion, ...selfContained],
  define: { ...noFolder, 'import.meta.url': '"file:///ssh-via-gateway"' },
});
const settings = {
  main: `${folder}/program.cjs`,
  output: `${folder}/program.blob`,
  disableExperimentalSEAWarning: true,
};
writeFileSync(`${folder}/sea.json`, JSON.stringify(settings));
execFileSync(process.execPath, ['--experimental-sea-config', `${folder}/sea.json`]);

copyFileSync(process.execPath, program);
chmodSync(program, 0o755);
// A signature of Node's makers does not fit any more.
if (isMac) execFileSync('codesign', ['--remove-signature', program]);
await inject(program, 'NODE_SEA_BLOB', readFileSync(settings.output), {
  // Where Node looks whether something was put into it.
  sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  ...(isMac ? { machoSegmentName: 'NODE_SEA' } : {}),
});
if (isMac) execFileSync('codesign', ['--sign', '-', program]);
for (const file of ['program.cjs', 'program.blob', 'sea.json']) rmSync(`${folder}/${file}`);
