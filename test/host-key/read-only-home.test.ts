import type { MakeDirectoryOptions } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { appendKnownHost } from '../../src/host-key/known-hosts/append.ts';
import { ed25519Blob } from '../support/known-hosts-keys.ts';

/** As Node on a read-only file system: with `recursive` it gives the wrong reason. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs/promises')>();
  const mkdir = async (path: string, { recursive }: MakeDirectoryOptions) => {
    const code = recursive ? 'ENOENT' : 'EROFS';
    throw Object.assign(new Error(`${code}: mkdir '${path}'`), { code });
  };
  return { ...fs, mkdir };
});

it('reports that the file system is read-only', async () => {
  const file = join(tmpdir(), 'not-there', '.ssh', 'known_hosts');
  const appending = appendKnownHost({ file, host: 'pc', key: ed25519Blob() });
  await expect(appending).rejects.toMatchObject({ code: 'EROFS' });
});
