import { readdirSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TransferFailed, TransferStalled, UnsafeRemotePath } from '../../src/errors/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import { bytesOf, isPosix, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

describe('download of one file', () => {
  it.each([0, 1, 31_744, 131_072, 131_073, 261_120, 261_121, 3_000_001])(
    'downloads %i bytes unchanged',
    async (size) => {
      await using mock = await mockSftp();
      await using folder = await localFolder();
      const content = bytesOf(size);
      mock.server.files.write('/file', content);
      const path = join(folder.path, 'a file');
      const result = await download(mock.opener, '/file', path);
      expect((await readFile(path)).equals(content)).toBe(true);
      expect(await readdir(folder.path)).toEqual(['a file']);
      expect(result).toMatchObject({ files: 1, bytes: size });
    },
  );

  it('whose link is lost rejects when its temporary file is gone', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'f');
    mock.server.files.write('/file', bytesOf(3_000_001));
    let seen: string[] = [];
    const onProgress = () => {
      if (seen.length > 0) return;
      seen = readdirSync(folder.path);
      mock.server.dropAll('rst');
    };
    const failed = await rejection(download(mock.opener, '/file', path, { onProgress }));
    // At once, as in a program that ends itself here.
    const left = readdirSync(folder.path);
    expect(failed).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    expect(seen).toEqual([expect.stringMatching(/\.part$/)]);
    expect(left).toEqual([]);
  });

  it('completes short replies', async () => {
    await using mock = await mockSftp({ faults: { sftp: { shortReads: 777 } } });
    await using folder = await localFolder();
    const content = bytesOf(300_000);
    mock.server.files.write('/file', content);
    await download(mock.opener, '/file', join(folder.path, 'f'), { verify: 'sha256' });
    expect((await readFile(join(folder.path, 'f'))).equals(content)).toBe(true);
  });

  it('replaces a file and keeps its permissions', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'secret');
    await writeFile(path, 'old');
    await chmod(path, 0o600);
    mock.server.files.write('/file', 'new', { mode: 0o644 });
    await download(mock.opener, '/file', path);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.runIf(isPosix)('keeps mode and time with preserve', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/file', bytesOf(200_000), { mode: 0o640, mtime: 1_600_000_001 });
    mock.server.files.write('/small', 'x', { mode: 0o640, mtime: 1_600_000_001 });
    for (const name of ['file', 'small']) {
      await download(mock.opener, `/${name}`, join(folder.path, name), { preserve: true });
      const found = await stat(join(folder.path, name));
      expect(found.mode & 0o777).toBe(0o640);
      expect(found.mtimeMs).toBe(1_600_000_001_000);
    }
  });

  it.runIf(isPosix).each([200_000, 100])(
    'never copies set-uid, set-gid or sticky bits (%d bytes)',
    async (size) => {
      await using mock = await mockSftp();
      await using folder = await localFolder();
      const path = join(folder.path, 'file');
      mock.server.files.write('/file', bytesOf(size), { mode: 0o7755 });
      await download(mock.opener, '/file', path, { preserve: true });
      expect((await stat(path)).mode & 0o7777).toBe(0o755);
      await chmod(path, 0o4750);
      await download(mock.opener, '/file', path);
      expect((await stat(path)).mode & 0o7777).toBe(0o750);
    },
  );

  it('does not write through a link under the temporary name', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const content = bytesOf(400_000);
    mock.server.files.write('/file', content);
    const outside = join(folder.path, 'outside');
    await writeFile(outside, 'untouched');
    await mkdir(join(folder.path, 'in'));
    const target = join(folder.path, 'in', 'file');
    // Find out the lasting name, then put a link there.
    const { lastingTempName } = await import('../../src/sftp/names/temp-name.ts');
    await symlink(outside, join(folder.path, 'in', lastingTempName('file')));
    await download(mock.opener, '/file', target);
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect((await readFile(target)).equals(content)).toBe(true);
    expect((await lstat(target)).isFile()).toBe(true);
  });

  it('reads a file to its end if the server does not report its size', async () => {
    await using mock = await mockSftp({ faults: { sftp: { statWithoutSize: true } } });
    await using folder = await localFolder();
    const content = bytesOf(700_000);
    mock.server.files.write('/file', content);
    await download(mock.opener, '/file', join(folder.path, 'f'));
    expect((await readFile(join(folder.path, 'f'))).equals(content)).toBe(true);
  });
});

describe('download that cannot succeed', () => {
  it.each([
    ['a missing file', {}, 'No such file'],
    ['a read error', { failOp: { op: 'READ', nth: 2 } as const }, 'refused read'],
    ['a size that is too large', { lieSize: 900_000 }, 'ended at byte'],
    ['a size that is too small', { lieSize: 300_000 }, 'more than the 300000 bytes'],
  ])('keeps the old file after %s', async (_what, sftp, words) => {
    await using mock = await mockSftp({ faults: { sftp } });
    await using folder = await localFolder();
    const path = join(folder.path, 'target');
    await writeFile(path, 'old');
    if (words !== 'No such file') mock.server.files.write('/file', bytesOf(600_000));
    const error = await rejection(download(mock.opener, '/file', path));
    expect(error).toBeInstanceOf(TransferFailed);
    expect((error as Error).message).toContain(words);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder.path)).toEqual(['target']);
  });

  it.each(['OPEN', 'READ', 'STAT'] as const)('fails as stalled if %s is never answered', async (op) => {
    await using mock = await mockSftp({ faults: { sftp: { hangOp: { op } } } });
    await using folder = await localFolder();
    mock.server.files.write('/file', bytesOf(600_000));
    const path = join(folder.path, 'f');
    const error = await rejection(download(mock.opener, '/file', path, { stallTimeout: 300 }));
    expect(error).toBeInstanceOf(TransferStalled);
    await expect.poll(() => readdir(folder.path)).toEqual([]);
  });

  it.each([600_000, 3])('names the missing local folder of a file of %i bytes', async (size) => {
    await using mock = await mockSftp();
    mock.server.files.write('/file', bytesOf(size));
    for (const atomic of [true, false]) {
      const error = await rejection(download(mock.opener, '/file', '/no/such/folder/f', { atomic }));
      expect(error).toBeInstanceOf(TransferFailed);
      expect(error).toMatchObject({
        path: '/no/such/folder/f',
        reason: 'its folder "/no/such/folder" does not exist here',
        cause: { code: 'ENOENT' },
      });
    }
  });

  it('reports an error of the server for the remote path, and a local one for the local path', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/file', 'x');
    expect(await rejection(download(mock.opener, '/file', folder.path))).toMatchObject({ path: folder.path });
    expect(await rejection(download(mock.opener, '/none', folder.path))).toMatchObject({ path: '/none' });
  });

  it('rejects with signal.reason, and removes the temporary file', async () => {
    await using mock = await mockSftp({ faults: { throttle: { bytesPerSecond: 500_000 } } });
    await using folder = await localFolder();
    mock.server.files.write('/file', bytesOf(2_000_000));
    const abort = new AbortController();
    const reason = new Error('enough');
    const options = { signal: abort.signal, onProgress: () => abort.abort(reason) };
    expect(await rejection(download(mock.opener, '/file', join(folder.path, 'f'), options))).toBe(reason);
    await expect.poll(() => readdir(folder.path), { timeout: 10_000 }).toEqual([]);
  });
});

describe('download of a folder', () => {
  it('downloads everything below it', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const names = ['plain', 'with space', "it's", '한글', '🙂', '-rf', 'n'.repeat(200)];
    for (const name of names) mock.server.files.write(`/d/sub/${name}`, `content of ${name}`);
    mock.server.files.write('/d/big', bytesOf(1_000_000));
    mock.server.files.mkdir('/d/empty');
    for (let at = 0; at < 500; at++) mock.server.files.write(`/d/many/${at}`, String(at));
    const target = join(folder.path, 'new', 'target');
    const result = await download(mock.opener, '/d', target);
    expect(result.files).toBe(names.length + 501);
    for (const name of names) {
      expect(await readFile(join(target, 'sub', name), 'utf8')).toBe(`content of ${name}`);
    }
    expect((await readFile(join(target, 'big'))).equals(bytesOf(1_000_000))).toBe(true);
    expect((await stat(join(target, 'empty'))).isDirectory()).toBe(true);
    expect((await readdir(join(target, 'many'))).length).toBe(500);
    expect(await readFile(join(target, 'many', '499'), 'utf8')).toBe('499');
  });

  it('follows links within the folder', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/d/real', 'content');
    mock.server.files.symlink('/d/real', '/d/link');
    await download(mock.opener, '/d', join(folder.path, 't'));
    expect(await readFile(join(folder.path, 't', 'link'), 'utf8')).toBe('content');
    expect((await lstat(join(folder.path, 't', 'link'))).isFile()).toBe(true);
  });

  it('skips what the filter excludes, including links that lead out', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/d/keep', 'x');
    mock.server.files.symlink('/etc/passwd', '/d/out');
    await download(mock.opener, '/d', join(folder.path, 't'), { filter: (path) => path !== 'out' });
    expect(await readdir(join(folder.path, 't'))).toEqual(['keep']);
  });
});

describe('a folder with names that cannot be stored here', () => {
  it.each(['a\\b', 'aux.txt', Buffer.from([0xbc, 0xdb, 0xc0, 0xe5])])(
    'is downloaded without %j if the filter excludes it',
    async (name) => {
      await using mock = await mockSftp({ faults: { sftp: { lieNames: [name] } } });
      await using folder = await localFolder();
      mock.server.files.write('/d/wanted', 'x');
      await download(mock.opener, '/d', join(folder.path, 't'), { filter: (path) => path === 'wanted' });
      expect(await readdir(join(folder.path, 't'))).toEqual(['wanted']);
    },
  );
});

describe('a hostile server', () => {
  const names: (string | Buffer)[] = [
    '../x',
    '..\\x',
    '/etc/x',
    'sub/x',
    'a\\b',
    'C:x',
    'a\0b',
    '',
    'CON',
    'nul.txt',
    'com1.log',
    'n'.repeat(256),
    Buffer.from([0xff, 0xfe, 0x41]),
  ];
  it.each(names)('cannot make us write to the name %j', async (name) => {
    await using mock = await mockSftp({ faults: { sftp: { lieNames: [name] } } });
    await using folder = await localFolder();
    mock.server.files.write('/d/good', 'x');
    const error = await rejection(download(mock.opener, '/d', join(folder.path, 'in', 't')));
    expect(error).toBeInstanceOf(UnsafeRemotePath);
    expect((error as Error).message).not.toMatch(/[\u0000-\u001f]/);
    expect((error as Error).message.length).toBeLessThan(600);
    expect(await readdir(folder.path)).toEqual([]);
  });

  it.each([
    ['a name of 64 KiB', { hugeName: true }, UnsafeRemotePath],
    ['a loop of links', { symlinkLoop: true }, UnsafeRemotePath],
    ['a listing without end', { endlessReaddir: true }, TransferFailed],
  ])('is stopped at %s, and nothing is written', { timeout: 60_000 }, async (_what, sftp, type) => {
    await using mock = await mockSftp({ faults: { sftp } });
    await using folder = await localFolder();
    mock.server.files.write('/d/good', 'x');
    const before = process.memoryUsage().rss;
    const error = await rejection(download(mock.opener, '/d', join(folder.path, 't')));
    expect(error).toBeInstanceOf(type);
    expect(await readdir(folder.path)).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(500_000_000);
  });

  it('cannot lead us out of the folder with a link', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    mock.server.files.write('/outside/secret', 'x');
    mock.server.files.mkdir('/d');
    for (const target of ['/outside', '/outside/secret', '../outside/secret']) {
      mock.server.files.symlink(target, '/d/link');
      const error = await rejection(download(mock.opener, '/d', join(folder.path, 't')));
      expect(error).toBeInstanceOf(UnsafeRemotePath);
      expect(await readdir(folder.path)).toEqual([]);
      mock.server.files.remove('/d/link');
    }
  });

  it.each([
    ['every reply comes twice', { duplicateReplies: true }],
    ['replies come that nobody asked for', { unaskedReplies: true }],
  ])('does no harm if %s', async (_what, sftp) => {
    await using mock = await mockSftp({ faults: { sftp } });
    await using folder = await localFolder();
    const content = bytesOf(900_000);
    mock.server.files.write('/d/big', content);
    mock.server.files.write('/d/small', 'x');
    await download(mock.opener, '/d', join(folder.path, 't'));
    expect((await readFile(join(folder.path, 't', 'big'))).equals(content)).toBe(true);
  });
});
