import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { install } from './support/consumer.ts';
import { run } from './support/run.ts';

const compilers = { 'typescript-5': '5.9.3', 'typescript-6': '6.0.3', 'typescript-7': '7.0.2' };
const aliases = Object.entries(compilers).map(([name, version]) => [name, `npm:typescript@${version}`]);

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-types-'));
  const also = { ...Object.fromEntries(aliases), '@types/node': '20.19.43' };
  await install(folder, inject('tarball'), { scripts: false, also });
  for (const extension of ['mts', 'cts', 'ts']) {
    copyFileSync(resolve('test/package/programs/typed-program.ts'), join(folder, `program.${extension}`));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles one file as strictly as a user can, declarations of packages included. */
function compile(compiler: string, file: string, module: string, moduleResolution: string) {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'ES2022',
    lib: ['ES2022'],
    types: ['node'],
    module,
    moduleResolution,
  };
  const project = `tsconfig.${compiler}.${file}.json`;
  writeFileSync(join(folder, project), JSON.stringify({ compilerOptions, files: [file] }));
  return run(process.execPath, [`node_modules/${compiler}/bin/tsc`, '-p', project], { cwd: folder });
}

describe.each(Object.keys(compilers))('The declarations, checked by %s with skipLibCheck off', (compiler) => {
  test.each([
    { file: 'program.mts', module: 'NodeNext', moduleResolution: 'NodeNext', title: 'an ES module' },
    { file: 'program.cts', module: 'NodeNext', moduleResolution: 'NodeNext', title: 'CommonJS' },
    { file: 'program.ts', module: 'ESNext', moduleResolution: 'Bundler', title: 'a bundled program' },
  ])('are right for $title', async ({ file, module, moduleResolution }) => {
    const { code, stdout } = await compile(compiler, file, module, moduleResolution);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });
});

test('The declarations do not ask for @types/ssh2', () => {
  expect(existsSync(join(folder, 'node_modules/@types/ssh2'))).toBe(false);
  for (const file of ['index.d.ts', 'index.d.cts', 'mock-server.d.ts', 'mock-server.d.cts']) {
    const text = readFileSync(join(folder, 'node_modules/ssh-via-gateway/dist', file), 'utf8');
    expect(text.match(/(?:from|import\() ?['"](?!node:)[^.'"][^'"]*['"]/g) ?? [], file).toEqual([]);
  }
});

test('The declarations are published once: those of the ES module pass on those of CommonJS', () => {
  const dist = join(folder, 'node_modules/ssh-via-gateway/dist');
  for (const name of ['index', 'mock-server']) {
    expect(readFileSync(join(dist, `${name}.d.ts`), 'utf8')).toBe(`export * from './${name}.cjs';\n`);
  }
});
