import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { download } from '../../src/sftp/download.ts';
import { localFolder, mockSftp } from '../support/mock-sftp.ts';

describe('a download onto something that is no file', () => {
  it.runIf(process.platform !== 'win32')('refuses a pipe, and leaves it there', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    mock.server.files.write('/file', 'new');
    await expect(download(mock.opener, '/file', pipe)).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      message: expect.stringContaining('a device, pipe or socket is there'),
    });
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });

  it('refuses a folder before anything is fetched', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'folder');
    await mkdir(path);
    mock.server.files.write('/file', Buffer.alloc(1_000_000));
    await expect(download(mock.opener, '/file', path)).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      transferred: 0,
      message: expect.stringContaining('a folder is there'),
    });
  });

  it('writes through a link that the caller named', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const [real, link] = [join(folder.path, 'real'), join(folder.path, 'link')];
    await writeFile(real, 'old');
    await symlink('real', link);
    mock.server.files.write('/file', 'new');
    await download(mock.opener, '/file', link);
    expect(await readlink(link)).toBe('real');
    expect(await readFile(real, 'utf8')).toBe('new');
  });

  it('replaces a link below a folder, so that it cannot lead out', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const [outside, target] = [join(folder.path, 'outside'), join(folder.path, 'target')];
    await writeFile(outside, 'mine');
    await mkdir(target);
    await symlink('../outside', join(target, 'file'));
    mock.server.files.write('/tree/file', 'theirs');
    await download(mock.opener, '/tree', target);
    expect(await readFile(outside, 'utf8')).toBe('mine');
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('theirs');
  });
});
