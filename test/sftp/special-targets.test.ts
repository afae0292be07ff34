import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MockServer } from '../../src/mock-server/index.ts';
import { openSftpClient } from '../../src/sftp/client/client.ts';
import { download } from '../../src/sftp/down/download.ts';
import { isPosix, localFolder, mockSftp } from '../support/mock-sftp.ts';

describe('a download to something other than a file', () => {
  it.runIf(process.platform !== 'win32')('rejects a FIFO, and leaves it there', async () => {
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

  it('rejects a folder before anything is downloaded', async () => {
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

  it('replaces a link inside a folder, so that it cannot lead out', async () => {
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

const opened = ({ journal }: MockServer) =>
  journal.flatMap((entry) => (entry.type === 'sftp' && entry.op === 'OPEN' ? [entry.path] : []));

describe.runIf(process.platform !== 'win32' && isPosix)('a download of something other than a file', () => {
  /** A server with a pipe and a socket; the pipe is opened at the end, lest a call that waits in it outlives the test. */
  async function serverWithPipe() {
    const remote = await localFolder();
    const pipe = join(remote.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const listener = createServer().listen(join(remote.path, 'socket'));
    await writeFile(join(remote.path, 'file'), 'content');
    const mock = await mockSftp({ sftp: { root: remote.path } });
    const dispose = async () => {
      const ends = await open(pipe, constants.O_RDWR);
      await mock.close();
      await ends.close();
      await new Promise((resolve) => listener.close(resolve));
      await remote[Symbol.asyncDispose]();
    };
    return { ...mock, [Symbol.asyncDispose]: dispose };
  }

  it.each([
    ['/pipe', 'it is a named pipe (FIFO), not a file'],
    ['/socket', 'it is a socket, not a file'],
  ])('is rejected before the server has to open %s', async (path, reason) => {
    await using mock = await serverWithPipe();
    await using folder = await localFolder();
    await expect(download(mock.opener, path, join(folder.path, 'f'))).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      ...{ path, reason, retryable: false },
    });
    expect(opened(mock.server)).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
    // The session is as good as before.
    await download(mock.opener, '/file', join(folder.path, 'f'));
    expect(await readFile(join(folder.path, 'f'), 'utf8')).toBe('content');
  });

  it('is rejected inside a folder before anything is written, and can be excluded with filter', async () => {
    await using mock = await serverWithPipe();
    await using folder = await localFolder();
    const target = join(folder.path, 'target');
    await expect(download(mock.opener, '/', target)).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      path: '/pipe',
      message: expect.stringContaining(
        'it is a named pipe (FIFO), not a file; leave it out with the option filter',
      ),
    });
    expect(opened(mock.server)).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
    await download(mock.opener, '/', target, { filter: (path) => path === 'file' });
    expect(await readdir(target)).toEqual(['file']);
  });

  it('is also rejected by copy', async () => {
    await using mock = await serverWithPipe();
    await using sftp = await openSftpClient(mock.opener);
    await expect(sftp.copy('/pipe', '/copy')).rejects.toMatchObject({
      code: 'SSH_SFTP_FAILED',
      reason: 'it is a named pipe (FIFO)',
    });
    expect(opened(mock.server)).toEqual([]);
  });

  it('is not replaced by copy, nor is a folder', async () => {
    await using mock = await serverWithPipe();
    await using sftp = await openSftpClient(mock.opener);
    await sftp.mkdir('/folder');
    await expect(sftp.copy('/file', '/pipe')).rejects.toMatchObject({
      ...{ code: 'SSH_SFTP_FAILED', operation: 'copy', path: '/pipe' },
      reason: 'a device, pipe or socket is there, and only a file is replaced',
    });
    await expect(sftp.copy('/file', '/folder')).rejects.toMatchObject({
      ...{ code: 'SSH_SFTP_FAILED', operation: 'copy', path: '/folder' },
      reason: expect.stringContaining('a folder is there'),
    });
  });

  it('costs no extra round trip on Windows, which has no FIFOs', async () => {
    const [windows, posix] = await Promise.all([openedUnseen(true), openedUnseen(false)]);
    expect(windows).toEqual(['/C:/file']);
    expect(posix).toEqual([]);
  });

  /** What a download has opened while the server does not tell what it is. */
  async function openedUnseen(windows: boolean) {
    await using mock = await mockSftp({ windows, faults: { sftp: { hangOp: { op: 'STAT' } } } });
    await using folder = await localFolder();
    mock.server.files.write('/C:/file', 'content');
    const failed = download(mock.opener, '/C:/file', join(folder.path, 'f'), { stallTimeout: 300 });
    await expect(failed).rejects.toMatchObject({ code: 'SSH_TRANSFER_STALLED' });
    return opened(mock.server);
  }

  it('does not wait for a local FIFO either, with resume', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    mock.server.files.write('/file', 'new');
    const failed = download(mock.opener, '/file', pipe, { resume: true, stallTimeout: 5_000 });
    await expect(failed).rejects.toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
    await (await open(pipe, constants.O_RDWR)).close();
  });
});
