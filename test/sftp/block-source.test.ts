import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileSource } from '../../src/sftp/flow/block-source.ts';

it("reads a local file through handles without readv, as Yarn's Plug'n'Play gives them", async () => {
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
