import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BlockSource, bufferSource, fileSource } from '../../src/sftp/flow/block-source.ts';
import { localFolder } from '../support/mock-sftp.ts';

it("reads a local file through handles without readv, as with Yarn's Plug'n'Play", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'source-'));
  await writeFile(join(folder, 'f'), '0123456789');
  const file = await open(join(folder, 'f'));
  Object.defineProperty(file, 'readv', {
    value: async () => {
      throw new Error('Method not implemented.');
    },
  });
  const source = await fileSource(file);
  const views = [Buffer.alloc(3), Buffer.alloc(4), Buffer.alloc(4)];
  const bytes = await new Promise((resolve, reject) =>
    source.readInto(views, 2, (error, read) => (error ? reject(error) : resolve(read))),
  );
  await file.close();
  await rm(folder, { recursive: true });
  expect([bytes, Buffer.concat(views).toString('latin1')]).toEqual([8, '23456789\0\0\0']);
});

describe('a source', () => {
  const read = (source: BlockSource, views: Buffer[], position: number) =>
    new Promise((resolve, reject) =>
      source.readInto(views, position, (error, bytes) => (error ? reject(error) : resolve(bytes))),
    );

  it('of bytes can be read at any position, up to its end', async () => {
    const source = bufferSource(new Uint8Array([0, 1, 2, 3, 4, 5]).subarray(1));
    const views = [Buffer.alloc(2, 9), Buffer.alloc(3, 9)];
    expect(await read(source, views, 1)).toBe(4);
    expect(views).toEqual([Buffer.from([2, 3]), Buffer.from([4, 5, 9])]);
    expect([source.size, await source.changed()]).toEqual([5, undefined]);
    expect(await read(source, views, 5)).toBe(0);
  });

  it('of a file reports how the file has changed meanwhile', async () => {
    await using folder = await localFolder();
    const path = join(folder.path, 'f');
    await writeFile(path, '0123456789');
    const file = await open(path, 'r+');
    const source = await fileSource(file);
    const views = [Buffer.alloc(3), Buffer.alloc(3)];
    expect(await read(source, views, 6)).toBe(4);
    expect(Buffer.concat(views).toString('latin1')).toBe('6789\0\0');
    expect([source.size, await source.changed()]).toEqual([10, undefined]);
    await file.utimes(1, 1);
    expect(await source.changed()).toBe('it was written to');
    await file.write('x', 12);
    expect(await source.changed()).toBeUndefined();
    await file.truncate(9);
    expect(await source.changed()).toBe('it shrank from 10 to 9 bytes');
    await file.close();
    await expect(read(source, views, 0)).rejects.toThrow();
  });
});
