import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { copyPrograms, emptyFolder, install } from './support/consumer.ts';
import { nodeBinary } from './support/nodes.ts';
import { expectRoundTrip } from './support/round-trip.ts';
import { type Finished, run, runOrThrow } from './support/run.ts';
import { leaksOf } from './support/wire.ts';

const tools = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-json': '6.1.0',
  '@rollup/plugin-node-resolve': '16.0.3',
  'apache-airflow-ts-sdk': '0.1.0-beta1',
  esbuild: '0.28.2',
  rollup: '4.64.10',
  vite: '8.3.8',
  webpack: '5.112.2',
};

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-bundlers-'));
  await install(folder, inject('tarball'), { scripts: false, also: tools });
  copyPrograms(folder);
  cpSync(resolve('test/package/bundlers'), join(folder, 'bundlers'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nativeParts = [
  'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node',
  'node_modules/cpu-features/build/Release/cpufeatures.node',
];

/** What a bundler that follows a `require` of it would stumble over: a file that is no JavaScript. */
function putNativePartsOnDisk(present: boolean): void {
  for (const part of nativeParts.map((file) => join(folder, file))) {
    if (present) {
      mkdirSync(dirname(part), { recursive: true });
      writeFileSync(part, Buffer.from('7f454c4602010100', 'hex'));
    } else {
      rmSync(part, { force: true });
    }
  }
}

describe.each([
  { native: true, title: 'with the compiled parts of ssh2 on disk' },
  { native: false, title: 'without the compiled parts of ssh2' },
])('A bundle made $title runs without node_modules', ({ native }) => {
  beforeAll(() => putNativePartsOnDisk(native));

  test.each([
    { bundler: 'esbuild-esm', entry: 'entry.mjs', outfile: 'out.mjs' },
    { bundler: 'esbuild-cjs', entry: 'entry.mjs', outfile: 'out.cjs' },
    { bundler: 'esbuild-cjs', entry: 'entry.cjs', outfile: 'required.cjs' },
    { bundler: 'rollup', entry: 'entry.mjs', outfile: 'out.mjs' },
    { bundler: 'rollup', entry: 'entry.cjs', outfile: 'required.mjs' },
    { bundler: 'webpack', entry: 'entry.mjs', outfile: 'out.cjs' },
    { bundler: 'webpack', entry: 'entry.cjs', outfile: 'required.cjs' },
    { bundler: 'vite-ssr', entry: 'entry.mjs', outfile: 'out.mjs' },
  ])('$bundler, from $entry to $outfile', async ({ bundler, entry, outfile }) => {
    const bundle = join('dist', bundler, outfile);
    // Webpack takes most of its time to make it small, which has nothing to do with the compiled parts.
    const args = [`bundlers/${bundler}.mjs`, entry, bundle, native ? 'small' : 'large'];
    expectQuiet(await run(process.execPath, args, { cwd: folder }));
    await runAlone(process.execPath, join(folder, bundle));
  });

  test('airflow-ts-pack, with no settings', async () => {
    const node = await nodeBinary('24');
    const packer = 'node_modules/apache-airflow-ts-sdk/dist/cli/main.js';
    const packed = await run(node, [packer, 'airflow-task.ts', '--outdir', 'dist/airflow'], { cwd: folder });
    expect(packed).toMatchObject({ code: 0, stderr: '' });
    await runAlone(node, join(folder, 'dist/airflow/bundle.mjs'));
    await runAlone(await nodeBinary('22'), join(folder, 'dist/airflow/bundle.mjs'));
  });
});

test('A bundle sends nothing before the host key is accepted, whatever the server sends', async () => {
  expectQuiet(
    await run(process.execPath, ['bundlers/esbuild-esm.mjs', 'wire.mjs', 'dist/wire.mjs'], { cwd: folder }),
  );
  expect(await leaksOf(join(folder, 'dist/wire.mjs'))).toEqual({ leaked: 0, connects: 9 * 4 });
});

test('A bundle reads each code page as iconv-lite does, and an encrypted key', async () => {
  expectQuiet(
    await run(process.execPath, ['bundlers/esbuild-esm.mjs', 'parts.mjs', 'dist/parts.mjs'], { cwd: folder }),
  );
  const key = join(emptyFolder(), 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'S3CRET', '-f', key], { cwd: folder });
  const [privateKey, publicKey] = [key, `${key}.pub`].map((path) => readFileSync(path, 'utf8')) as [
    string,
    string,
  ];
  const args = ['dist/parts.mjs', privateKey, publicKey, 'S3CRET'];
  const { sums } = JSON.parse(await runOrThrow(process.execPath, args, { cwd: folder })) as {
    sums: Record<string, string>;
  };
  expect(Object.keys(sums)).toHaveLength(8);
  const wanted = Object.keys(sums).map((encoding) => [
    encoding,
    createHash('sha256').update(iconv.decode(pairs, encoding)).digest('hex'),
  ]);
  expect(sums).toEqual(Object.fromEntries(wanted));
});

/** As in `programs/parts.mjs`. */
const pairs = Buffer.from(
  Array.from({ length: 126 }, (_, first) => [
    ...Array.from({ length: 191 }, (_, second) => [first + 0x81, second + 0x40]).flat(),
    ...[0x20, 0x0a],
  ]).flat(),
);

function expectQuiet(finished: Finished): void {
  expect(finished).toMatchObject({ code: 0, stderr: '' });
}

/** Runs a copy of one file in a folder that has nothing else in it. */
async function runAlone(node: string, bundle: string): Promise<void> {
  const place = emptyFolder();
  const name = bundle.slice(dirname(bundle).length + 1);
  copyFileSync(bundle, join(place, name));
  await expectRoundTrip(node, name, place);
}

test.each([
  ['quote', "import { quote } from 'ssh-via-gateway';\nconsole.log(quote.posix(['a b']));"],
  ['jobId', "import { jobId } from 'ssh-via-gateway';\nconsole.log(jobId('a', 'b'));"],
  ['an error', "import { BannerTimeout } from 'ssh-via-gateway';\nconsole.log(BannerTimeout.name);"],
])('who imports no more than %s gets no SSH into the bundle', async (_what, text) => {
  writeFileSync(join(folder, 'small.mjs'), text);
  const result = await build({
    ...{ absWorkingDir: folder, entryPoints: ['small.mjs'], outfile: 'small-out.mjs' },
    ...{ bundle: true, platform: 'node', format: 'esm', metafile: true, logLevel: 'error' },
  });
  const [{ bytes = 0 } = {}] = Object.values(result.metafile.outputs);
  console.log(`${Math.round(bytes / 1024)} KiB`);
  expect(bytes).toBeLessThan(60_000);
  const { code } = await run(process.execPath, ['small-out.mjs'], { cwd: folder });
  expect(code).toBe(0);
});

test('who imports the package and uses no name of it gets nothing into the bundle', async () => {
  const stdin = {
    contents: "import 'ssh-via-gateway';\nimport 'ssh-via-gateway/mock-server';",
    resolveDir: folder,
  };
  const { outputFiles } = await build({
    ...{ stdin, bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'error' },
  });
  expect(outputFiles[0]?.text).not.toMatch(/\b(?:import|require|function|class)\b/);
  expect(outputFiles[0]?.contents.length).toBeLessThan(200);
});
