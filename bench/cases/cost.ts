import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { able } from '../contenders/index.ts';
import { inTurn } from '../support/measure.ts';
import type { BenchServer } from '../support/server.ts';
import type { Contender, Measurement } from '../support/types.ts';

const run = promisify(execFile);

interface Probe {
  cpuMs: number;
  peakMiB: number;
  grownMiB: number;
}

async function probe(
  what: 'output' | 'connections',
  contender: Contender,
  server: BenchServer,
): Promise<Probe> {
  const script = fileURLToPath(new URL('./probe.mjs', import.meta.url));
  const target = JSON.stringify(await server.at(0));
  const { stdout } = await run(process.execPath, ['--expose-gc', script, what, contender.name, target]);
  return JSON.parse(stdout) as Probe;
}

const inProcess = ['ssh-via-gateway', 'ssh2', 'ssh2 no-delay'];

/** Peak memory of a process that reads a gibibyte of output. */
export async function outputMemory(server: BenchServer): Promise<Measurement[]> {
  return inTurn({
    name: '1 GiB of command output, peak memory',
    unit: 'MiB',
    contenders: able('readOutput').filter(({ name }) => inProcess.includes(name)),
    rounds: 3,
    run: async (contender) => (await probe('output', contender, server)).peakMiB,
  });
}

/** Memory and processor time of 200 connections that are open at once. */
export async function manyConnections(server: BenchServer): Promise<Measurement[]> {
  const contenders = able('hold');
  const common = { contenders, rounds: 3 };
  const memory = await inTurn({
    ...common,
    name: '200 connections at once, memory for each',
    unit: 'MiB',
    run: async (contender) => (await probe('connections', contender, server)).grownMiB / 200,
  });
  const cpu = await inTurn({
    ...common,
    name: '200 connections at once, processor time',
    unit: 'CPU ms',
    run: async (contender) => (await probe('connections', contender, server)).cpuMs,
  });
  return [...memory, ...cpu];
}

const packages: Record<string, string> = {
  'ssh-via-gateway': 'ssh-via-gateway',
  ssh2: 'ssh2',
  'node-ssh': 'node-ssh',
  'ssh2-sftp-client': 'ssh2-sftp-client',
};

/** Milliseconds of an import, beyond those of a bare process. */
export async function importTime(): Promise<Measurement[]> {
  const start = async (code: string) => {
    const startedAt = performance.now();
    await run(process.execPath, ['--input-type=module', '-e', code]);
    return performance.now() - startedAt;
  };
  return inTurn({
    name: 'import, beyond bare node',
    unit: 'ms',
    contenders: Object.keys(packages).map((name) => ({ name })),
    rounds: 9,
    run: async ({ name }) => {
      const bare = await start('');
      return (await start(`import '${packages[name]}'`)) - bare;
    },
  });
}

/** Packages that an installation brings, the package itself included. */
export async function installSize(tarball: string): Promise<Measurement[]> {
  return inTurn({
    name: 'packages installed',
    unit: 'packages',
    contenders: Object.keys(packages).map((name) => ({ name })),
    rounds: 1,
    run: ({ name }) => countPackages(name === 'ssh-via-gateway' ? tarball : (packages[name] ?? name)),
  });
}

async function countPackages(spec: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-install-'));
  try {
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', spec], { cwd: folder });
    const names = await readdir(join(folder, 'node_modules'));
    const scoped = await Promise.all(
      names
        .filter((name) => name.startsWith('@'))
        .map(async (scope) => (await readdir(join(folder, 'node_modules', scope))).length),
    );
    const plain = names.filter((name) => !name.startsWith('.') && !name.startsWith('@')).length;
    return plain + scoped.reduce((sum, count) => sum + count, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
