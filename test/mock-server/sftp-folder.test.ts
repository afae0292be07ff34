import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SFTPWrapper } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { call, login, openSftp } from './support.ts';

const code = (status: number) => expect.objectContaining({ code: status });

describe('a real folder behind SFTP', () => {
  let top: string;
  let root: string;
  let server: MockServer;
  let sftp: SFTPWrapper;
  const read = (path: string) => call<Buffer>((done) => sftp.readFile(path, done));
  const write = (path: string, data: string | Buffer) => call((done) => sftp.writeFile(path, data, done));

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'mock-folder-'));
    root = join(top, 'root');
    mkdirSync(root);
    writeFileSync(join(top, 'outside'), 'outside');
    server = await startMockServer({ sftp: { root } });
    sftp = await openSftp(await login(server));
  });
  afterEach(async () => {
    await server.close();
    rmSync(top, { recursive: true });
  });

  it('is read and written, and shown to the test', async () => {
    const data = Buffer.alloc(700_001, 'folder');
    await write('/a.bin', data);
    expect(readFileSync(join(root, 'a.bin')).equals(data)).toBe(true);
    expect((await read('a.bin')).equals(data)).toBe(true);
    server.files.write('/sub/b', 'b', { mode: 0o640, mtime: 1_000 });
    expect(server.files.stat('/sub/b')).toEqual({ type: 'file', size: 1, mode: 0o640, mtime: 1_000 });
    expect(server.files.list()).toEqual(['/a.bin', '/sub/b']);
    expect(await call<string>((done) => sftp.realpath('sub/../sub', done))).toBe('/sub');
    const list = await call<{ filename: string }[]>((done) => sftp.readdir('/', done as never));
    expect(list.map((entry) => entry.filename).sort()).toEqual(['a.bin', 'sub']);
  });

  it('keeps times, modes, sizes and the rules of renaming', async () => {
    await write('/f', '12345');
    await write('/g', 'old');
    await call((done) => sftp.chmod('/f', 0o600, done));
    await call((done) => sftp.utimes('/f', 1_000, 2_000, done));
    expect(server.files.stat('/f')).toEqual({ type: 'file', size: 5, mode: 0o600, mtime: 2_000 });
    await expect(call((done) => sftp.rename('/f', '/g', done))).rejects.toEqual(code(4));
    await call((done) => sftp.ext_openssh_rename('/f', '/g', done));
    expect(server.files.text('/g')).toBe('12345');
    await expect(read('/none')).rejects.toEqual(code(2));
    await call((done) => sftp.mkdir('/d', done));
    await call((done) => sftp.rmdir('/d', done));
    await expect(call((done) => sftp.rmdir('/', done))).rejects.toEqual(code(4));
  });

  it('cannot be escaped by .., absolute links or links upwards', async () => {
    symlinkSync(join(top, 'outside'), join(root, 'absolute'));
    symlinkSync('../outside', join(root, 'upwards'));
    symlinkSync('..', join(root, 'above'));
    symlinkSync('/', join(root, 'everything'));
    for (const path of [
      '/../outside',
      '../../outside',
      '/absolute',
      '/upwards',
      '/above/outside',
      '/everything/etc/passwd',
    ])
      await expect(read(path), path).rejects.toEqual(code(2));
    for (const path of ['/../new', '/above/new', '/everything/new']) await write(path, 'inside');
    expect(readFileSync(join(root, 'new'), 'utf8')).toBe('inside');
    await write('/upwards', 'inside');
    expect(readFileSync(join(root, 'outside'), 'utf8')).toBe('inside');
    expect(readFileSync(join(top, 'outside'), 'utf8')).toBe('outside');
  });

  it('cannot be escaped by links that a client creates, nor renamed or removed from outside', async () => {
    await call((done) => sftp.symlink('../outside', '/made', done));
    await call((done) => sftp.symlink('..', '/dir', done));
    await expect(read('/made')).rejects.toEqual(code(2));
    await expect(call((done) => sftp.unlink('/dir/outside', done))).rejects.toEqual(code(2));
    await expect(call((done) => sftp.rename('/dir/outside', '/stolen', done))).rejects.toEqual(code(2));
    await expect(call((done) => sftp.chmod('/made', 0o777, done))).rejects.toEqual(code(2));
    await expect(call((done) => sftp.ext_openssh_hardlink('/made', '/../x', done))).resolves.toBeUndefined();
    expect(readFileSync(join(top, 'outside'), 'utf8')).toBe('outside');
    symlinkSync('circle', join(root, 'circle'));
    await expect(read('/circle')).rejects.toEqual(code(2));
  });
});
