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
