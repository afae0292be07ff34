import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { wineEnvironment } from './support/environment.ts';

/*
 * The C# that PowerShell compiles on a PC without WMI, compiled by .NET and run with wine's system calls: the structures
 * and functions of Windows are wine's here, and no stand-ins.
 */
const src = resolve(import.meta.dirname, '../../src');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wine-csharp-'));
  cpSync(join(import.meta.dirname, 'support/csharp'), folder, { recursive: true });
  for (const source of ['exec/stop/snapshot.cs', 'job/windows/detached.cs'])
    copyFileSync(join(src, source), join(folder, source.replaceAll('/', '-')));
  const options = ['publish', '-c', 'Release', '-o', join(folder, 'out'), '-v', 'quiet', '--nologo'];
  execFileSync('dotnet', options, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const source = resolve(import.meta.dirname, '../interop/windows/breakaway.c');
  const flags = '-DFLAGS=CREATE_BREAKAWAY_FROM_JOB';
  execFileSync('x86_64-w64-mingw32-gcc', [flags, '-Os', '-s', '-o', join(folder, 'breakaway.exe'), source]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

const windowsPath = (name: string) => `Z:${join(folder, name).replaceAll('/', '\\')}`;
const program = () => windowsPath('out/csharp.exe');
const wine = (...words: string[]) =>
  execFileSync('wine', words, {
    cwd: folder,
    env: wineEnvironment(inject('winePrefix')),
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  })
    .split(/\r?\n/)
    .filter(Boolean);

it('lists the processes with their parents and starts', () => {
  // cmd.exe stays, and is the parent.
  writeFileSync(join(folder, 'list.cmd'), '@out\\csharp.exe list\r\n@echo over\r\n');
  const lines = wine('cmd', '/d', '/c', windowsPath('list.cmd'));
  const [, id, start] = lines.find((line) => line.startsWith('self|'))!.split('|');
  const all = lines.filter((line) => /^\d+\|/.test(line)).map((line) => line.split('|'));
  const self = all.find(([each]) => each === id);
  expect(self).toEqual([id, expect.any(String), 'csharp.exe', start]);
  const parent = all.find(([each]) => each === self?.[1]);
  expect(parent?.[2]?.toLowerCase()).toBe('cmd.exe');
  expect(BigInt(parent?.[3] ?? 0)).toBeLessThan(BigInt(start ?? 0));
});

it('starts a process that outlives the job object in which it was started', () => {
  const late = `"${windowsPath('breakaway.exe')}" late "${windowsPath('lived')}"`;
  const inJob = `"${program()}" start "${windowsPath('out')}" "${late.replaceAll('"', '\\"')}"`;
  const output = wine(windowsPath('breakaway.exe'), 'outer', windowsPath('lived'), inJob);
  expect(output).toEqual([expect.stringMatching(/^\d+$/), 'left the job: lives', 'stayed in it: ended']);
  expect(readFileSync(join(folder, 'lived'), 'utf8')).toBe('');
});

it('says with which number a start has failed', () => {
  const output = wine(program(), 'start', windowsPath('out'), 'Z:\\none.exe');
  expect(output).toEqual([expect.stringMatching(/^CreateProcess failed with 2 \(.+\)$/)]);
});
