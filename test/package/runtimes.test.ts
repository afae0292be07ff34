import { generateKeyPairSync } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { copyPrograms, emptyFolder, install } from './support/consumer.ts';
import { nodeBinary, nodeVersions } from './support/nodes.ts';
import { run, runOrThrow } from './support/run.ts';

/** Bun and Deno as npm has them, in the lines that README.md names. */
const others = { bun: '~1.4.5', deno: '~2.9.6' };
const cache = resolve('node_modules/.cache/runtimes');

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-runtimes-'));
  await install(folder, inject('tarball'), { scripts: false });
  copyPrograms(folder);
  if (existsSync(join(cache, 'node_modules', '.bin', 'deno'))) return;
  mkdirSync(cache, { recursive: true });
  const allowScripts = { bun: true, deno: true };
  writeFileSync(
    join(cache, 'package.json'),
    JSON.stringify({ private: true, dependencies: others, allowScripts }),
  );
  await runOrThrow('npm', ['install', '--no-audit', '--no-fund'], { cwd: cache, timeout: 280_000 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = (name: keyof typeof others) => join(cache, 'node_modules', '.bin', name);

async function smoke(runtime: string, args: readonly string[], cwd = folder): Promise<void> {
  const env = { SMOKE_NODE: process.execPath };
  const { stdout, stderr } = await run(runtime, args, { cwd, env });
  const found: Record<string, string> = JSON.parse(
    stdout.trim().split('\n').at(-1) || JSON.stringify({ stderr }),
  );
  expect(Object.entries(found).filter(([, result]) => result !== 'ok')).toEqual([]);
  expect(Object.keys(found)).toHaveLength(20);
}

test.each(nodeVersions)('all steps work on Node %s', async (version) =>
  smoke(await nodeBinary(version), ['smoke.mjs']),
);

test.each([
  ['22', true],
  ['24', true],
  ['20', false],
] as const)(
  'on Node %s, the command line keeps what was compiled in the home folder: %s',
  async (version, kept) => {
    const home = emptyFolder();
    const node = await nodeBinary(version);
    const cli = join(folder, 'node_modules/ssh-via-gateway/dist/cli.js');
    const env = { HOME: home, NODE_COMPILE_CACHE: '' };
    for (let round = 0; round < 2; round++)
      expect(await run(node, [cli, '--version'], { cwd: folder, env })).toMatchObject({
        code: 0,
        stderr: '',
      });
    const compiled = join(home, '.cache', 'ssh-via-gateway');
    expect(existsSync(compiled)).toBe(kept);
    if (kept) expect(readdirSync(compiled, { recursive: true }).length).toBeGreaterThan(3);
  },
);

test('all steps work on Bun', () => smoke(program('bun'), ['smoke.mjs']));

test('all steps work on Deno', () =>
  smoke(program('deno'), ['run', '-A', '--node-modules-dir=manual', 'smoke.mjs']));

test('a runtime with the crypto of a FIPS module logs in', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' });
  await using server = await startMockServer({
    hostKeys: [key],
    users: [{ username: 'rpa', password: 'rpa' }],
  });
  const args = ['fips.mjs', `${server.port}`, server.hostKey.fingerprint];
  expect(await runOrThrow(process.execPath, args, { cwd: folder })).toBe('approved\n');
});

test('bun build --compile makes a program that needs no node_modules', async () => {
  await runOrThrow(program('bun'), ['build', '--compile', 'smoke.mjs', '--outfile', 'smoke'], {
    cwd: folder,
  });
  const alone = emptyFolder();
  copyFileSync(join(folder, 'smoke'), join(alone, 'smoke'));
  await smoke(join(alone, 'smoke'), [], alone);
});
