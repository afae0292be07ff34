import iconv from 'iconv-lite';
import { beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => vi.resetModules());

it('takes a package from the disk', async () => {
  const { loadIconv } = await import('../../src/load/on-demand.ts');
  expect(loadIconv()).toBe(iconv);
});

it('takes a package from a program that holds it, when it is asked for, and the others from the disk', async () => {
  const { load, loadIconv, usePacked } = await import('../../src/load/on-demand.ts');
  const held = vi.fn(() => 'the one of the program');
  usePacked({ 'ssh2/lib/client.js': held });
  expect(held).not.toHaveBeenCalled();
  expect(load('ssh2/lib/client.js')).toBe('the one of the program');
  expect(loadIconv()).toBe(iconv);
});
