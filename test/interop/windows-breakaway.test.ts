import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

/** What the C# that starts jobs hands to CreateProcess. */
function flagsOfJobs(): string {
  const source = readFileSync(resolve(import.meta.dirname, '../../src/job/windows/detached.cs'), 'utf8');
  const values = new Map(
    [...source.matchAll(/const uint (\w+) = (0x\w+);/g)].map(([, name, value]) => [name, value]),
  );
  const names = /uint flags = ([\w| ]+);/.exec(source)?.[1]?.split(' | ') ?? [];
  expect(names).toHaveLength(3);
  return `(${names.map((name) => values.get(name)).join('|')})`;
}

// Job objects are wine's here; sshd's job has the same two limits.
it('a job’s process outlives the job object of its session, and one that does not ask to leave does not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakaway-'));
  try {
    const program = join(folder, 'breakaway.exe');
    const source = join(import.meta.dirname, 'windows/breakaway.c');
    execFileSync('x86_64-w64-mingw32-gcc', [`-DFLAGS=${flagsOfJobs()}`, '-Os', '-s', '-o', program, source]);
    const env = { ...process.env, WINEPREFIX: join(folder, 'prefix'), WINEDEBUG: '-all', DISPLAY: '' };
    const output = execFileSync(
      'wine',
      [program, 'outer', `Z:${join(folder, 'file').replaceAll('/', '\\')}`],
      {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        encoding: 'utf8',
      },
    );
    expect(output.split(/\r?\n/).filter(Boolean)).toEqual(['left the job: lives', 'stayed in it: ended']);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 30 });
  }
});
