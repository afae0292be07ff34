import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Bench, Part } from '../support/bench.ts';
import { inTurn } from '../support/measure.ts';
import { type CaseResult, ours } from '../support/types.ts';
import { packageVersion } from '../support/versions.ts';

const run = promisify(execFile);
const group = 'package' as const;
const packages = [ours, 'ssh2', 'node-ssh', 'ssh2-sftp-client'].map((name) => ({ name }));

/** The time of one import, in a process of its own. */
async function importOnce(name: string): Promise<number> {
  const code = `const startedAt = performance.now(); await import('${name}'); console.log(performance.now() - startedAt)`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code]);
  return Number(stdout);
}

async function importTime({ sizes }: Bench): Promise<CaseResult[]> {
  const imported = await inTurn({
    cases: [{ id: 'import', group, name: 'import', unit: 'ms' }],
    contenders: packages,
    rounds: Math.min(sizes.rounds, 21),
    run: async ({ name }) => [await importOnce(name)],
  });
  return [...imported, ...imported.map(leastOf)];
}

/** Other activity of the machine only ever adds time, so the least counts. */
function leastOf(imported: CaseResult): CaseResult {
  const results = imported.results.map((result) => ({ ...result, median: Math.min(...result.all) }));
  return { ...imported, id: 'import-least', name: 'import, least of all', results };
}

/** The size of an installation, including the package itself and without building native parts. */
async function installSize(): Promise<CaseResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-install-'));
  try {
    const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
    const tarball = join(folder, (await run('npm', pack)).stdout.trim());
    return await inTurn({
      cases: [
        { id: 'packages', group, name: 'installed', unit: 'packages' },
        { id: 'install-size', group, name: 'installed', unit: 'MB' },
      ],
      contenders: packages,
      rounds: 1,
      warmUp: 0,
      async run({ name }) {
        const modules = await install(
          join(folder, name),
          name === ours ? tarball : `${name}@${packageVersion(name)}`,
        );
        return [await countPackages(modules), (await bytesBelow(modules)) / 1e6];
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function install(folder: string, spec: string): Promise<string> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', spec], { cwd: folder });
  return join(folder, 'node_modules');
}

async function countPackages(modules: string): Promise<number> {
  const names = (await readdir(modules)).filter((name) => !name.startsWith('.'));
  const counts = names.map(async (name) =>
    name.startsWith('@') ? (await readdir(join(modules, name))).length : 1,
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(async (file) => (await stat(join(file.parentPath, file.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** What `npm publish` sends, and what that is on disk. */
async function packageSize(): Promise<CaseResult[]> {
  return await inTurn({
    cases: [
      { id: 'packed', group, name: 'the package alone, packed', unit: 'MB' },
      { id: 'unpacked', group, name: 'the package alone, unpacked', unit: 'MB' },
    ],
    contenders: packages,
    rounds: 1,
    warmUp: 0,
    async run({ name }) {
      const spec = name === ours ? [] : [`${name}@${packageVersion(name)}`];
      const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', ...spec]);
      const [{ size, unpackedSize }] = JSON.parse(stdout);
      return [size / 1e6, unpackedSize / 1e6];
    },
  });
}

/** What a bundler leaves of the package for a program that only quotes words for a shell. */
async function bundleSize(): Promise<CaseResult[]> {
  return await inTurn({
    cases: [{ id: 'bundle', group, name: '`import { quote }`, bundled', unit: 'kB' }],
    contenders: [{ name: ours }],
    rounds: 1,
    warmUp: 0,
    async run({ name }) {
      const contents = `import { quote } from '${name}'; console.log(quote.cmd(['x']));`;
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: process.cwd() },
        ...{ bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'error' },
      });
      return [(outputFiles[0]?.contents.length ?? Number.NaN) / 1_000];
    },
  });
}

export const packaging: Part[] = [
  { group, name: 'import', isCold: true, run: importTime },
  { group, name: 'install', run: installSize },
  { group, name: 'size', isCold: true, run: packageSize },
  { group, name: 'bundle', isCold: true, run: bundleSize },
];
