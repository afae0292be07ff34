import { writeFileSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SftpFailed, TransferFailed, TransferStalled } from '../../src/errors/index.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, isPosix, localFolder, mockSftp, rejection } from '../support/mock-sftp.ts';

it('of a stream is not retryable', async () => {
  await using mock = await mockSftp({ faults: { sftp: { hangOp: { op: 'WRITE' } } } });
  const stalled = upload(mock.opener, Readable.from(['x']), '/stalled', { stallTimeout: 50 });
  await expect(stalled).rejects.toMatchObject({ code: 'SSH_TRANSFER_STALLED', retryable: false });
  const lost = upload(mock.opener, Readable.from(['x']), '/lost');
  mock.server.dropAll('rst');
  await expect(lost).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST', retryable: false });
  expect(mock.opener.lost.error).toMatchObject({ retryable: true });
});

describe('upload of one file', () => {
  it.each([0, 1, 31_743, 31_744, 31_745, 261_119, 261_120, 261_121, 522_240, 3_000_001])(
    'stores %i bytes unchanged',
    async (size) => {
      await using mock = await mockSftp();
      await using folder = await localFolder();
      const content = bytesOf(size);
      const path = join(folder.path, 'a file');
      await writeFile(path, content);
      const result = await upload(mock.opener, path, '/up load');
      expect(mock.server.files.read('/up load').equals(content)).toBe(true);
      expect(mock.server.files.list()).toEqual(['/up load']);
      expect(result).toMatchObject({ files: 1, bytes: size });
      expect(result.durationMs).toBeGreaterThan(0);
    },
  );

  it('stores a buffer and the content of a stream', async () => {
    await using mock = await mockSftp();
    const content = bytesOf(1_000_000);
    await upload(mock.opener, content, '/buffer');
    const chunks = Array.from({ length: 100 }, (_, at) => content.subarray(at * 10_000, (at + 1) * 10_000));
    const result = await upload(mock.opener, Readable.from(chunks), '/stream', { verify: 'sha256' });
    expect(mock.server.files.read('/buffer').equals(content)).toBe(true);
    expect(mock.server.files.read('/stream').equals(content)).toBe(true);
    expect(result).toMatchObject({ files: 1, bytes: 1_000_000 });
  });

  it("fails with the stream's error as cause, and leaves nothing", async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/target', 'old');
    const cause = new Error('the disk went away');
    const stream = Readable.from(
      (async function* () {
        yield bytesOf(500_000);
        throw cause;
      })(),
    );
    const error = await rejection(upload(mock.opener, stream, '/target'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect(error).toMatchObject({ cause });
    expect(mock.server.files.list()).toEqual(['/target']);
    expect(mock.server.files.text('/target')).toBe('old');
  });

  it('treats every spelling of a Windows path as the same file', async () => {
    await using mock = await mockSftp({ windows: true });
    for (const [at, path] of ['C:\\rpa\\in.json', 'C:/rpa/in.json', '/C:/rpa/in.json'].entries()) {
      mock.server.files.mkdir('/C:/rpa');
      await upload(mock.opener, Buffer.from(String(at)), path);
      expect(mock.server.files.text('/C:/rpa/in.json')).toBe(String(at));
    }
  });

  it.runIf(isPosix)('keeps the permissions of a file that it replaces', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/secret', 'old', { mode: 0o600 });
    await upload(mock.opener, Buffer.from('new'), '/secret');
    expect(mock.server.files.stat('/secret').mode & 0o777).toBe(0o600);
  });

  it.runIf(isPosix)('keeps mode and time with preserve', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, 'x', { mode: 0o640 });
    await utimes(path, 1_600_000_000, 1_600_000_001);
    await upload(mock.opener, path, '/file', { preserve: true });
    const stat = mock.server.files.stat('/file');
    expect(stat.mtime).toBe(1_600_000_001);
    expect(stat.mode & 0o777).toBe(0o640);
  });

  it.runIf(isPosix)('never copies set-uid, set-gid or sticky bits', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, 'x');
    await chmod(path, 0o7755);
    await upload(mock.opener, path, '/file', { preserve: true });
    expect(mock.server.files.stat('/file').mode & 0o7777).toBe(0o755);
  });

  it('reports which file could not be opened', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, 'x');
    const openSftp: typeof mock.opener.openSftp = async (options) => {
      await rm(path);
      return mock.opener.openSftp(options);
    };
    const error = await rejection(upload({ ...mock.opener, openSftp }, path, '/file'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect(error).toMatchObject({ path, cause: { code: 'ENOENT' } });
  });

  it('writes through a symbolic link to the file behind it', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/real', 'old');
    mock.server.files.symlink('/real', '/link');
    await upload(mock.opener, Buffer.from('new'), '/link');
    expect(mock.server.files.text('/real')).toBe('new');
    expect(mock.server.files.stat('/link').type).toBe('symlink');
    expect(mock.server.files.list()).toEqual(['/link', '/real']);
  });

  it('writes to the target in place without atomic', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/target', 'a longer old content');
    await upload(mock.opener, Buffer.from('new'), '/target', { atomic: false });
    expect(mock.server.files.text('/target')).toBe('new');
  });

  it('reports progress that only grows and ends with everything', async () => {
    await using mock = await mockSftp();
    const seen: number[] = [];
    const content = bytesOf(4_000_000);
    let last: unknown;
    await upload(mock.opener, content, '/file', {
      onProgress: (progress) => {
        seen.push(progress.transferred);
        last = progress;
      },
    });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(last).toMatchObject({ transferred: 4_000_000, total: 4_000_000, files: 1 });
  });

  it('rejects with the error of onProgress', async () => {
    await using mock = await mockSftp();
    const thrown = new Error('from the caller');
    const onProgress = () => {
      throw thrown;
    };
    expect(await rejection(upload(mock.opener, bytesOf(3_000_000), '/file', { onProgress }))).toBe(thrown);
  });
});

describe('upload that cannot succeed', () => {
  it('names a missing local file before anything is opened on the server', async () => {
    await using mock = await mockSftp();
    const error = await rejection(upload(mock.opener, '/no/such/file', '/x'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect((error as Error).message).toContain('it does not exist');
    expect(mock.server.journal.some(({ type }) => type === 'sftp')).toBe(false);
  });

  it.each([
    [{ verify: 'md5' }, TypeError],
    [{ atomic: 'yes' }, TypeError],
    [{ concurrency: 0 }, RangeError],
    [{ stallTimeout: 0 }, RangeError],
    [{ onProgress: 1 }, TypeError],
    [{ signal: {} }, TypeError],
    [{ overwrite: true }, TypeError],
  ])('rejects the options %j', async (options, type) => {
    await using mock = await mockSftp();
    expect(await rejection(upload(mock.opener, Buffer.from('x'), '/x', options as never))).toBeInstanceOf(
      type,
    );
  });

  it.each([
    ['', RangeError],
    ['a\0b', RangeError],
    [7, TypeError],
  ])('rejects the path %j', async (path, type) => {
    await using mock = await mockSftp();
    expect(await rejection(upload(mock.opener, Buffer.from('x'), path as string))).toBeInstanceOf(type);
  });

  it('rejects a folder in place of the file, and leaves nothing', async () => {
    await using mock = await mockSftp();
    mock.server.files.mkdir('/folder');
    const error = await rejection(upload(mock.opener, Buffer.from('x'), '/folder'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect((error as Error).message).toContain('a folder is there');
    expect(mock.server.files.list()).toEqual([]);
  });

  it('reports what the server refused, with its error as cause', async () => {
    await using mock = await mockSftp();
    const error = await rejection(upload(mock.opener, Buffer.from('x'), '/none/x'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect((error as TransferFailed).cause).toBeInstanceOf(SftpFailed);
    expect((error as TransferFailed).cause).toMatchObject({ operation: 'open', status: 2 });
  });

  it.each([
    ['a path', (path: string) => path],
    ['a buffer', () => Buffer.from('x')],
    ['a stream', () => Readable.from([Buffer.from('x')])],
  ] as const)('names the missing remote folder when sending %s', async (_what, sourceOf) => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const local = join(folder.path, 'in.json');
    await writeFile(local, 'x');
    for (const atomic of [true, false]) {
      const error = await rejection(upload(mock.opener, sourceOf(local), '/none/in.json', { atomic }));
      expect(error).toBeInstanceOf(TransferFailed);
      expect(error).toMatchObject({
        path: '/none/in.json',
        reason: 'its folder "/none" does not exist on the server',
        hint: expect.stringContaining('mkdir'),
      });
    }
    expect(mock.server.files.list()).toEqual([]);
  });

  it('reports that the remote folder is not a folder', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/file', 'x');
    expect(await rejection(upload(mock.opener, Buffer.from('x'), '/file/in.json'))).toMatchObject({
      path: '/file/in.json',
      reason: '"/file" on the server is not a folder',
    });
  });

  it('reports an error of the server for the remote path, and one of the source for the local path', async () => {
    await using refusing = await mockSftp({ faults: { sftp: { failOp: { op: 'WRITE', status: 4 } } } });
    await using folder = await localFolder();
    const local = join(folder.path, 'in.json');
    await writeFile(local, 'x');
    refusing.server.files.mkdir('/folder');
    for (const path of ['/in.json', '/folder'])
      expect(await rejection(upload(refusing.opener, local, path))).toMatchObject({ path });
    await using mock = await mockSftp();
    await writeFile(local, bytesOf(3_000_000));
    const onProgress = () => writeFileSync(local, bytesOf(3_000_000, 2));
    expect(await rejection(upload(mock.opener, local, '/x', { onProgress }))).toMatchObject({
      path: local,
      reason: 'it was written to while it was sent',
    });
  });

  it.each([
    ['WRITE', 4],
    ['CLOSE', 4],
  ] as const)('keeps the old file if %s fails with status %i', async (op, status) => {
    await using mock = await mockSftp({ faults: { sftp: { failOp: { op, status } } } });
    mock.server.files.write('/target', 'old');
    const error = await rejection(upload(mock.opener, bytesOf(600_000), '/target'));
    expect(error).toBeInstanceOf(TransferFailed);
    expect(mock.server.files.text('/target')).toBe('old');
  });

  it('removes its temporary file if a write fails', async () => {
    await using mock = await mockSftp({ faults: { sftp: { failOp: { op: 'WRITE', nth: 2 } } } });
    await rejection(upload(mock.opener, bytesOf(600_000), '/target'));
    expect(mock.server.files.list()).toEqual([]);
  });

  it('detects a server that stores less than it acknowledges', async () => {
    await using mock = await mockSftp({ faults: { sftp: { shortWrites: 1000 } } });
    mock.server.files.write('/target', 'old');
    const error = await rejection(upload(mock.opener, bytesOf(5_000), '/target'));
    expect((error as Error).message).toContain('bytes, not 5000');
    expect(mock.server.files.text('/target')).toBe('old');
    expect(mock.server.files.list()).toEqual(['/target']);
  });

  it('fails with preserve if the server refuses to set attributes, and ignores that otherwise', async () => {
    await using mock = await mockSftp({ faults: { sftp: { refuseSetstat: true } } });
    await using folder = await localFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, 'new');
    mock.server.files.write('/target', 'old');
    const error = await rejection(upload(mock.opener, path, '/target', { preserve: true }));
    expect((error as TransferFailed).cause).toMatchObject({ status: 3 });
    expect(mock.server.files.text('/target')).toBe('old');
    await upload(mock.opener, path, '/target');
    expect(mock.server.files.text('/target')).toBe('new');
  });

  it('checks the size by reading if the server does not report sizes', async () => {
    await using mock = await mockSftp({ faults: { sftp: { statWithoutSize: true } } });
    await upload(mock.opener, bytesOf(5_000), '/x');
    expect(mock.server.files.read('/x').length).toBe(5_000);
  });

  it.each(['OPEN', 'WRITE', 'FSTAT', 'CLOSE', 'EXTENDED'] as const)(
    'fails as stalled if the server never answers %s',
    async (op) => {
      const sftpExtensions = { 'limits@openssh.com': false };
      // Before 8.6 the extension of Windows that replaces a file is not used.
      const server = isPosix ? {} : { windows: { version: '9.5' as const } };
      await using mock = await mockSftp({ ...server, sftpExtensions, faults: { sftp: { hangOp: { op } } } });
      const error = await rejection(upload(mock.opener, bytesOf(600_000), '/x', { stallTimeout: 300 }));
      expect(error).toBeInstanceOf(TransferStalled);
      expect(error).toMatchObject({ timeoutMs: 300, retryable: true });
    },
  );

  it('fails as stalled if the stream delivers nothing', async () => {
    await using mock = await mockSftp();
    const stream = new Readable({ read() {} });
    expect(await rejection(upload(mock.opener, stream, '/x', { stallTimeout: 200 }))).toBeInstanceOf(
      TransferStalled,
    );
    expect(stream.destroyed).toBe(true);
  });

  it('rejects with signal.reason at once, and removes the temporary file', async () => {
    await using mock = await mockSftp({ faults: { throttle: { bytesPerSecond: 400_000 } } });
    const abort = new AbortController();
    const reason = new Error('enough');
    const onProgress = () => abort.abort(reason);
    const started = Date.now();
    const error = await rejection(
      upload(mock.opener, bytesOf(3_000_000), '/x', { signal: abort.signal, onProgress }),
    );
    expect(error).toBe(reason);
    expect(Date.now() - started).toBeLessThan(5_000);
    await expect.poll(() => mock.server.files.list(), { timeout: 15_000 }).toEqual([]);
  });

  it('does nothing with a signal that is already aborted', async () => {
    await using mock = await mockSftp();
    const signal = AbortSignal.abort(new Error('never'));
    await expect(upload(mock.opener, Buffer.from('x'), '/x', { signal })).rejects.toThrow('never');
    expect(mock.server.files.list()).toEqual([]);
  });
});

describe('upload of a folder', () => {
  it.runIf(isPosix)('sends everything below it, including empty folders and odd names', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    const names = ['plain', 'with space', "it's", '한글', '🙂', '-rf', 'n'.repeat(200), 'a\nb'];
    await mkdir(join(folder.path, 'sub', 'deeper'), { recursive: true });
    await mkdir(join(folder.path, 'empty'));
    for (const name of names) await writeFile(join(folder.path, 'sub', name), `content of ${name}`);
    await writeFile(join(folder.path, 'sub/deeper/file'), 'deep');
    const result = await upload(mock.opener, folder.path, '/a/b/target');
    expect(result.files).toBe(names.length + 1);
    for (const name of names) {
      expect(mock.server.files.text(`/a/b/target/sub/${name}`)).toBe(`content of ${name}`);
    }
    expect(mock.server.files.stat('/a/b/target/empty').type).toBe('directory');
    expect(mock.server.files.list().length).toBe(names.length + 1);
  });

  it('replaces existing files and leaves the others', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    await writeFile(join(folder.path, 'both'), 'new');
    mock.server.files.write('/t/both', 'old');
    mock.server.files.write('/t/other', 'stays');
    await upload(mock.opener, folder.path, '/t');
    expect(mock.server.files.text('/t/both')).toBe('new');
    expect(mock.server.files.text('/t/other')).toBe('stays');
  });

  it('sends what the filter accepts', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    await mkdir(join(folder.path, 'skip'));
    await writeFile(join(folder.path, 'skip/inner'), 'x');
    await writeFile(join(folder.path, 'keep.txt'), 'x');
    await writeFile(join(folder.path, 'drop.log'), 'x');
    const filter = (path: string) => path !== 'skip' && !path.endsWith('.log');
    await upload(mock.opener, folder.path, '/t', { filter });
    expect(mock.server.files.list()).toEqual(['/t/keep.txt']);
  });

  it('rejects a local loop of links', async () => {
    await using mock = await mockSftp();
    await using folder = await localFolder();
    await symlink(folder.path, join(folder.path, 'loop'));
    const error = await rejection(upload(mock.opener, folder.path, '/t'));
    expect((error as Error).message).toContain('link to a folder above it');
  });

  it('rejects names that Windows would truncate or redirect, and writes nothing', async () => {
    await using mock = await mockSftp({ windows: true });
    for (const name of ['a:b', 'con', 'dot.', 'NUL.txt', 'q?']) {
      await using folder = await localFolder();
      await writeFile(join(folder.path, name), 'x');
      const error = await rejection(upload(mock.opener, folder.path, 'C:\\t'));
      expect(error).toMatchObject({ code: 'SSH_UNSAFE_REMOTE_PATH' });
      expect(mock.server.files.list()).toEqual([]);
    }
  });

  it('stops all files if one fails, and leaves no temporary file', async () => {
    await using mock = await mockSftp({ faults: { sftp: { failOp: { op: 'WRITE', nth: 50 } } } });
    await using folder = await localFolder();
    for (let at = 0; at < 200; at++) await writeFile(join(folder.path, `f${at}`), 'x'.repeat(100));
    const error = await rejection(upload(mock.opener, folder.path, '/t'));
    expect(error).toBeInstanceOf(TransferFailed);
    await expect.poll(() => mock.server.files.list().filter((path) => path.endsWith('.part'))).toEqual([]);
  });
});
