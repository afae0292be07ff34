import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { runOrThrow } from './support/run.ts';

interface Script {
  url: string;
  length: number;
}

/** What V8 compiles while the package is imported. */
const listScripts = `
  import { Session } from 'node:inspector/promises';
  const session = new Session();
  session.connect();
  const scripts = [];
  session.on('Debugger.scriptParsed', ({ params: { url, length } }) => scripts.push({ url, length }));
  await session.post('Debugger.enable');
  scripts.length = 0;
  await import('ssh-via-gateway');
  console.log(JSON.stringify(scripts.filter(({ url }) => url.includes('node_modules'))));
`;

async function scriptsOfImport(): Promise<Script[]> {
  const args = ['--input-type=module', '-e', listScripts];
  const options = { cwd: inject('plainInstall') };
  return JSON.parse(await runOrThrow(process.execPath, args, options)) as Script[];
}

const packageOf = ({ url }: Script) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? '';

describe('An import of the package', () => {
  test('loads ssh2 and what ssh2 needs, and no other package', async () => {
    const packages = new Set((await scriptsOfImport()).map(packageOf));
    const needed = ['ssh2', 'asn1', 'bcrypt-pbkdf', 'cpu-features', 'safer-buffer', 'tweetnacl'];
    expect([...packages].filter((name) => !needed.includes(name))).toEqual(['ssh-via-gateway']);
    expect(packages).toContain('ssh2');
  });

  test('loads neither files nor forwards, jobs and tunnels before they are used', async () => {
    const ours = (await scriptsOfImport()).filter((script) => packageOf(script) === 'ssh-via-gateway');
    const names = ours.map(({ url }) => basename(fileURLToPath(url)).replace(/-[\w-]{8}\.cjs$/, ''));
    expect(names.sort()).toEqual(['common', 'core', 'index.cjs', 'index.js']);
    const bytes = ours.reduce((sum, { length }) => sum + length, 0);
    console.log(`an import compiles ${Math.round(bytes / 1024)} KiB of ours`);
    expect(bytes).toBeLessThan(292_000);
  });
});
