import type { WriteFileOptions } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { preserve } from '../../src/sftp/down/store-small.ts';
import { writeSmall } from '../../src/sftp/flow/small-files.ts';
import { localFolder } from '../support/mock-sftp.ts';

type Done = (error: Error | null) => void;

/** A disk that is full after the first byte. */
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const write = (path: string, content: Buffer, options: WriteFileOptions, done: Done) =>
    fs.writeFile(path, content.subarray(0, 1), options, (error) => done(error ?? full));
  return { ...fs, writeFile: write };
});

it('leaves nothing behind on a full disk, and the old file unchanged', async () => {
  await using folder = await localFolder();
  const path = join(folder.path, 'file');
  await writeFile(path, 'old');
  const writing = writeSmall(path, join(folder.path, '.file.part'), Buffer.from('new'), 0o600);
  await expect(writing).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(folder.path)).toEqual(['file']);
  expect(await readFile(path, 'utf8')).toBe('old');
});

it('does not touch a file that already has the temporary name', async () => {
  await using folder = await localFolder();
  const temporary = join(folder.path, '.file.part');
  await writeFile(temporary, 'somebody’s');
  const writing = writeSmall(join(folder.path, 'file'), temporary, Buffer.from('new'), undefined);
  await expect(writing).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(temporary, 'utf8')).toBe('somebody’s');
});

it('an attribute that cannot be preserved is an error', async () => {
  const missing = join(tmpdir(), 'there-is-no-such-folder', 'file');
  for (const attributes of [{ mode: 0o600 }, { mtime: 5 }, { mode: 0o600, mtime: 5 }])
    await expect(preserve(missing, attributes)).rejects.toMatchObject({ code: 'ENOENT' });
  await preserve(missing, {});
});
