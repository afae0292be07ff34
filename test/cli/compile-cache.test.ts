import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compiledFolder } from '../../src/cli/compile-cache.ts';

const onWindows = process.platform === 'win32';
const cacheOf = (home: string) =>
  process.platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'compiled-'));
  vi.stubEnv('HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

describe.skipIf(onWindows)('what the command line has compiled', () => {
  const wanted = () => join(cacheOf(home), 'ssh-via-gateway');

  it('is kept where only the user may write, whatever the umask', () => {
    const before = process.umask(0);
    try {
      mkdirSync(cacheOf(home), { recursive: true, mode: 0o755 });
      expect(compiledFolder()).toBe(wanted());
    } finally {
      process.umask(before);
    }
    expect(statSync(wanted()).mode & 0o777).toBe(0o700);
    expect(compiledFolder()).toBe(wanted());
  });

  it.each([
    ['the home folder', () => home],
    ['the folder for such things', () => cacheOf(home)],
    ['its own folder', wanted],
  ])('is not kept where others may write: %s', (_what, folder) => {
    mkdirSync(wanted(), { recursive: true, mode: 0o700 });
    chmodSync(folder(), 0o777);
    expect(compiledFolder()).toBeUndefined();
    chmodSync(folder(), 0o770);
    expect(compiledFolder()).toBeUndefined();
    chmodSync(folder(), 0o755);
    expect(compiledFolder()).toBe(wanted());
  });

  // As with sudo, where it leaves HOME as it is.
  it.skipIf(process.geteuid?.() !== 0)('is not kept in the home folder of another user', () => {
    chownSync(home, 65_534, 65_534);
    expect(compiledFolder()).toBeUndefined();
  });

  it.each([
    ['that does not exist', () => join(home, 'none', 'at', 'all')],
    ['that is a file', () => '/dev/null'],
  ])('is not kept for a home folder %s', (_what, folder) => {
    vi.stubEnv('HOME', folder());
    expect(compiledFolder()).toBeUndefined();
  });
});

it.runIf(onWindows)('is kept among the local data of the user', () => {
  vi.stubEnv('LOCALAPPDATA', 'C:\\Users\\rpa\\AppData\\Local');
  expect(compiledFolder()).toBe('C:\\Users\\rpa\\AppData\\Local\\ssh-via-gateway');
});
