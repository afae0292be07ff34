import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { nodeBinary } from '../../package/support/nodes.ts';
import { runOrThrow } from '../../package/support/run.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The example's project, with everything installed and the task packed. */
    project: string;
    /** The bundle alone, in a folder with no `node_modules` above it. */
    bundle: string;
    /** A Node that the bundle may run on. */
    node: string;
  }
}

/** Does with the example what its README says, with this repository's tarball for the package. */
export default async function setup(testProject: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-via-gateway-airflow-'));
  const project = join(folder, 'project');
  cpSync('examples/airflow', project, {
    recursive: true,
    filter: (path) => !/node_modules|dist$/.test(path),
  });
  const node = await nodeBinary('24');
  const env = { PATH: `${join(node, '..')}:${process.env['PATH']}` };
  dependOn(project, await pack(folder));
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts'];
  await runOrThrow('npm', ['install', ...quietly], { cwd: project, env, timeout: 600_000 });
  await runOrThrow('npm', ['run', 'typecheck'], { cwd: project, env });
  await runOrThrow('npm', ['run', 'pack'], { cwd: project, env });
  const bundle = join(folder, 'alone', 'bundle.mjs');
  cpSync(join(project, 'dist', 'bundle.mjs'), bundle);
  testProject.provide('project', project);
  testProject.provide('bundle', bundle);
  testProject.provide('node', node);
  return () => rmSync(folder, { recursive: true, force: true });
}

async function pack(folder: string): Promise<string> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const report = JSON.parse(await runOrThrow('npm', args, { cwd: process.cwd() }));
  const [first] = Object.values(report as Record<string, { filename: string }>);
  return join(folder, first!.filename);
}

function dependOn(project: string, tarball: string): void {
  const path = join(project, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.dependencies['ssh-via-gateway'] = `file:${tarball}`;
  writeFileSync(path, JSON.stringify(manifest, undefined, 2));
}
