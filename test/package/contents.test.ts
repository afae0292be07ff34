import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { run, runOrThrow } from './support/run.ts';

const installed = join(inject('plainInstall'), 'node_modules');
const root = join(installed, 'ssh-via-gateway');

interface Manifest {
  scripts: Record<string, string>;
  bin?: Record<string, string>;
  exports: unknown;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Every file that the manifest points at. */
function targets(value: unknown): string[] {
  if (typeof value === 'string') return [value.replace(/^\.\//, '')];
  return Object.values(value ?? {}).flatMap(targets);
}

describe('The tarball', () => {
  const files = filesBelow(root);

  test('has what the manifest names, and the documents', () => {
    const named = [...targets(manifest.exports), ...targets(manifest.bin ?? {})];
    expect(files).toEqual(expect.arrayContaining(named));
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist/THIRD-PARTY-LICENSES.txt']));
  });

  test('has nothing else: no sources, tests, source maps or settings', () => {
    const documents =
      /^(package\.json|LICENSE|README(\.ko)?\.md|SECURITY\.md|docs\/[\w/-]+\.(md|svg)|dist\/(THIRD-PARTY-LICENSES\.txt|customers\.schema\.json))$/;
    const built = /^dist\/(bundle\/)?[\w-]+\.(js|cjs|d\.ts|d\.cts)$/;
    expect(files.filter((file) => !documents.test(file) && !built.test(file))).toEqual([]);
  });

  test('is small', () => {
    const packed = statSync(inject('tarball')).size;
    const bytes = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
    console.log(`${files.length} files, ${packed / 1_000} kB packed, ${bytes / 1_000} kB installed`);
    expect(packed).toBeLessThan(521_500);
    expect(bytes).toBeLessThan(1_600_000);
  });

  test('keeps the names that a stack trace of the library shows', () => {
    const code = files
      .filter((file) => file.endsWith('.cjs') && !file.includes('bundle'))
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n');
    expect(code.match(/#\w\([^()]*\)\{/g)).toBeNull();
    expect(code).toMatch(/#receive\(/);
    expect(code).toMatch(/\bSftpSession\b/);
    expect(code).toMatch(/function openSftp\(/);
  });

  test('has short lines: Node prints the whole line of an error that nobody catches before the error', async () => {
    const mistaken =
      "import { connectViaGateway } from 'ssh-via-gateway'; await connectViaGateway({ hots: 'x' });";
    const args = ['--input-type=module', '-e', mistaken];
    const { stderr } = await run(process.execPath, args, { cwd: inject('plainInstall') });
    const before = stderr.slice(0, stderr.indexOf('TypeError: option hots'));
    expect(before).toMatch(/ssh-via-gateway.dist/);
    expect(before.length).toBeLessThan(1_000);
  });

  test('has its code once for Node: who imports it and who requires it have the same classes', async () => {
    const same = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      for (const name of ['ssh-via-gateway', 'ssh-via-gateway/mock-server']) {
        const [imported, required] = [await import(name), require(name)];
        const names = Object.keys(imported).filter((key) => imported[key] !== required[key]);
        console.log(Object.keys(imported).length === Object.keys(required).length, names.length);
      }`;
    const args = ['--input-type=module', '-e', same];
    const said = await runOrThrow(process.execPath, args, { cwd: inject('plainInstall') });
    expect(said).toBe('true 0\ntrue 0\n');
  });

  test('names no folder of the machine that built it', () => {
    const built = files.filter((file) => file.startsWith('dist/'));
    const telling = built.filter((file) => readFileSync(join(root, file), 'utf8').includes(process.cwd()));
    expect(telling).toEqual([]);
  });

  test('runs no script at its installation', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  test('brings at most 14 packages', async () => {
    const list = await runOrThrow('npm', ['ls', '--all', '--parseable'], { cwd: inject('plainInstall') });
    const packages = list
      .trim()
      .split('\n')
      .filter((line) => line.includes('node_modules'));
    console.log(`${packages.length} packages installed`);
    expect(packages.length).toBeLessThanOrEqual(14);
  });
});

describe('The tarball in the eyes of', () => {
  test('publint --strict: clean', async () => {
    const program = 'node_modules/publint/src/cli.js';
    const { code, stdout } = await run(process.execPath, [program, '--strict', inject('tarball')], {
      cwd: process.cwd(),
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('All good!') });
  });

  test('attw: types that fit each way to load it', async () => {
    const program = 'node_modules/@arethetypeswrong/cli/dist/index.js';
    // A JSON file has no types to fit.
    const options = ['--format', 'json', '--exclude-entrypoints', './customers.schema.json'];
    const { code, stdout } = await run(process.execPath, [program, inject('tarball'), ...options], {
      cwd: process.cwd(),
    });
    const { analysis } = JSON.parse(stdout) as { analysis: { types: unknown; problems: unknown[] } };
    expect(analysis.problems).toEqual([]);
    expect(analysis.types).toMatchObject({ kind: 'included' });
    expect(code).toBe(0);
  });
});

describe('Importing the package', () => {
  const importAndMeasure = (specifier: string) => `
    const before = process.cpuUsage();
    await import('${specifier}');
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1000);`;

  /** The least of several runs, in milliseconds of CPU time: a busy machine only ever adds. */
  async function cpuTime(specifier: string): Promise<number> {
    const args = ['--input-type=module', '-e', importAndMeasure(specifier)];
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      times.push(Number(await runOrThrow(process.execPath, args, { cwd: inject('plainInstall') })));
    }
    return Math.min(...times);
  }

  test('takes less than twice the time of ssh2 alone', async () => {
    const ssh2 = await cpuTime('ssh2');
    const ours = await cpuTime('ssh-via-gateway');
    console.log(`ssh2 ${ssh2.toFixed(0)} ms, ssh-via-gateway ${ours.toFixed(0)} ms`);
    expect(ours).toBeLessThan(ssh2 * 2);
  });
});
