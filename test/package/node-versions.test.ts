import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { copyPrograms, install } from './support/consumer.ts';
import { nodeBinary, nodeVersions } from './support/nodes.ts';
import { expectRoundTrip } from './support/round-trip.ts';
import { runOrThrow } from './support/run.ts';

/** Whether ssh2 uses its compiled part when a connection loads it. */
const askForNativePart = `
  const { connectViaGateway } = require('ssh-via-gateway');
  const ssh2 = require.resolve('ssh2', { paths: [require.resolve('ssh-via-gateway')] });
  const file = (...names) => require('node:path').join(ssh2, '..', ...names);
  const silent = require('node:net').createServer().listen(0, '127.0.0.1', async () => {
    await connectViaGateway({
      host: '127.0.0.1', port: silent.address().port, username: 'rpa', password: 'x',
      hostKey: 'insecure-accept-any', retry: false, timeouts: { banner: 100 },
    }).catch(() => {});
    const crypto = require(file('protocol', 'crypto.js'));
    console.log(crypto.bindingAvailable, file('client.js') in require.cache);
    silent.close();
  });
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-nodes-'));
  symlinkSync(join(inject('plainInstall'), 'node_modules'), join(folder, 'node_modules'));
  copyPrograms(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(nodeVersions)('Node %s, installed with --ignore-scripts', (version) => {
  test('runs an ES module that imports the package', async () => {
    await expectRoundTrip(await nodeBinary(version), 'entry.mjs', folder);
  });

  test('runs a CommonJS program that requires the package', async () => {
    await expectRoundTrip(await nodeBinary(version), 'entry.cjs', folder);
  });

  test('runs the command line', async () => {
    const args = ['node_modules/ssh-via-gateway/dist/cli.js', '--version'];
    expect(await runOrThrow(await nodeBinary(version), args, { cwd: folder })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('knows errors of the other copy by isSshError and code', async () => {
    writeFileSync(join(folder, 'copies.mjs'), twoCopies);
    await bundleTo('bundle.mjs');
    const said = await runOrThrow(await nodeBinary(version), ['copies.mjs'], { cwd: folder });
    expect(JSON.parse(said)).toEqual({ twoCopies: true, known: [true, true], foreign: false });
  });
});

async function bundleTo(outfile: string): Promise<void> {
  await build({
    ...{ stdin: { contents: "export * from 'ssh-via-gateway';", resolveDir: folder }, absWorkingDir: folder },
    ...{ bundle: true, platform: 'node', format: 'esm', outfile },
  });
}

const twoCopies = `
  import * as installed from 'ssh-via-gateway';
  import * as bundled from './bundle.mjs';
  const refused = (library) => library.connectViaGateway({
    host: '127.0.0.1', port: 1, username: 'rpa', password: 'x', hostKey: 'insecure-accept-any', retry: false,
  }).catch((error) => error);
  const known = [bundled.isSshError(await refused(installed)), installed.isSshError(await refused(bundled))];
  console.log(JSON.stringify({
    twoCopies: installed.SshError !== bundled.SshError, known, foreign: installed.isSshError(new Error('no')),
  }));
`;

describe('The compiled parts of ssh2', () => {
  test('are not needed', async () => {
    writeFileSync(join(folder, 'native.cjs'), askForNativePart);
    expect(await runOrThrow(process.execPath, ['native.cjs'], { cwd: folder })).toBe('false true\n');
  });

  test('are used by Node when install scripts could build them', async () => {
    const withScripts = join(folder, 'with-scripts');
    mkdirSync(withScripts);
    await install(withScripts, inject('tarball'), { scripts: true });
    copyFileSync(join(folder, 'native.cjs'), join(withScripts, 'native.cjs'));
    copyPrograms(withScripts);
    expect(await runOrThrow(process.execPath, ['native.cjs'], { cwd: withScripts })).toBe('true true\n');
    await expectRoundTrip(process.execPath, 'entry.mjs', withScripts);
    await expectRoundTrip(process.execPath, 'entry.cjs', withScripts);
  });
});
