// Makes dist-single/ssh-via-gateway (.exe on Windows): the program and the Node.js that runs this script, in one file,
// for machines without Node.js. It contains the build as any bundler would pack it, and must be made on the system that
// it is for; see https://nodejs.org/api/single-executable-applications.html
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { inject } from 'postject';

const folder = 'dist-single';
const program = `${folder}/ssh-via-gateway${process.platform === 'win32' ? '.exe' : ''}`;
const isMac = process.platform === 'darwin';

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
await build({
  stdin: { contents: "require('./dist/bundle/packages.cjs');\nrequire('./dist/cli.cjs');", resolveDir: '.' },
  outfile: `${folder}/program.cjs`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'none',
  minifyWhitespace: true,
  logLevel: 'warning',
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
// The signature of the Node.js binary no longer matches.
if (isMac) execFileSync('codesign', ['--remove-signature', program]);
await inject(program, 'NODE_SEA_BLOB', readFileSync(settings.output), {
  // Where Node.js looks for an injected program.
  sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  ...(isMac ? { machoSegmentName: 'NODE_SEA' } : {}),
});
if (isMac) execFileSync('codesign', ['--sign', '-', program]);
for (const file of ['program.cjs', 'program.blob', 'sea.json']) rmSync(`${folder}/${file}`);
