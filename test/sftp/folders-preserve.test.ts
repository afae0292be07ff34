import { chmod, mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { download } from '../../src/sftp/down/download.ts';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { isPosix, localFolder, mockSftp } from '../support/mock-sftp.ts';

const folders = ['', 'outer', 'outer/inner', 'other'];
/** Another one for each, and none of them what a new folder gets. */
const modeOf = (at: number) => 0o700 | (at << 3);
const timeOf = (at: number) => 1_500_000_000 + at;

it.runIf(isPosix)(
  'folders keep their permissions and times with preserve, whatever is stored in them',
  async () => {
    await using mock = await mockSftp();
    await using local = await localFolder();
    const from = join(local.path, 'from');
    for (const folder of folders) {
      await mkdir(join(from, folder), { recursive: true });
      await writeFile(join(from, folder, 'file'), 'x');
    }
    for (const [at, folder] of [...folders.entries()].reverse()) {
      await chmod(join(from, folder), modeOf(at));
      await utimes(join(from, folder), timeOf(at), timeOf(at));
    }
    await upload(mock.opener, from, '/there', { preserve: true });
    for (const [at, folder] of folders.entries())
      expect(mock.server.files.stat(join('/there', folder))).toMatchObject({
        mode: modeOf(at),
        mtime: timeOf(at),
      });
    const back = join(local.path, 'back');
    await download(mock.opener, '/there', back, { preserve: true });
    for (const [at, folder] of folders.entries()) {
      const found = await stat(join(back, folder));
      expect([found.mode & 0o777, found.mtimeMs / 1_000], folder).toEqual([modeOf(at), timeOf(at)]);
    }
    await download(mock.opener, '/there', join(local.path, 'plain'));
    expect((await stat(join(local.path, 'plain', 'outer'))).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  },
);

it.each(['up', 'down'] as const)('a folder is complete if the last report aborts: %s', async (way) => {
  await using mock = await mockSftp();
  await using local = await localFolder();
  const stop = new AbortController();
  const options: TransferOptions = {
    signal: stop.signal,
    onProgress: ({ files }) => {
      if (files === 3) stop.abort(new Error('too late'));
    },
  };
  const names = ['a', 'b', 'c'];
  const path = join(local.path, 'folder');
  await mkdir(path);
  for (const name of names) {
    await writeFile(join(path, name), name);
    mock.server.files.write(`/folder/${name}`, name);
  }
  const moved =
    way === 'up'
      ? upload(mock.opener, path, '/new', options)
      : download(mock.opener, '/folder', join(local.path, 'new'), options);
  expect(await moved).toMatchObject({ files: 3, bytes: 3 });
  expect(stop.signal.aborted).toBe(true);
});
