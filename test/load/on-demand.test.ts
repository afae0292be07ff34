import iconv from 'iconv-lite';
import { beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => vi.resetModules());

it('loads a package from disk', async () => {
  const { loadIconv } = await import('../../src/load/on-demand.ts');
  expect(loadIconv()).toBe(iconv);
});

it('loads a package from a program that bundles it, on demand, and the others from disk', async () => {
  const { load, loadIconv, usePacked } = await import('../../src/load/on-demand.ts');
  const held = vi.fn(() => 'the one of the program');
  usePacked({ 'ssh2/lib/client.js': held });
  expect(held).not.toHaveBeenCalled();
  expect(load('ssh2/lib/client.js')).toBe('the one of the program');
  expect(loadIconv()).toBe(iconv);
});

it('finds a package without loading it: in the program, on the disk, or under another name', async () => {
  const { findAny, usePacked } = await import('../../src/load/on-demand.ts');
  const held = vi.fn();
  usePacked({ 'not-on-the-disk/a.js': held });
  findAny('not-on-the-disk/a.js', 'nor-this');
  findAny('iconv-lite', 'nor-this');
  findAny('not-on-the-disk/b.js', 'iconv-lite');
  expect(held).not.toHaveBeenCalled();
  expect(() => findAny('not-on-the-disk/b.js', 'nor-this')).toThrow(/Cannot find module 'nor-this'/);
});
