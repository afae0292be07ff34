import type { SFTPWrapper } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MockServer, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { RawSftp, string } from './raw-sftp.ts';
import { call, login, openSftp } from './support.ts';

const code = (status: number) => expect.objectContaining({ code: status });

describe('the files in memory', () => {
  let server: MockServer;
  let sftp: SFTPWrapper;

  const start = async (options: MockServerOptions = {}) => {
    await server?.close();
    server = await startMockServer(options);
    sftp = await openSftp(await login(server));
  };
  const read = (path: string) => call<Buffer>((done) => sftp.readFile(path, done));
  const write = (path: string, data: string | Buffer) => call((done) => sftp.writeFile(path, data, done));
  const rename = (from: string, to: string) => call((done) => sftp.rename(from, to, done));
  const posixRename = (from: string, to: string) => call((done) => sftp.ext_openssh_rename(from, to, done));
  const names = async (path: string) =>
    (await call<{ filename: string }[]>((done) => sftp.readdir(path, done as never)))
      .map((entry) => entry.filename)
      .sort();

  beforeEach(() => start());
  afterEach(() => server.close());

  it('are shared by the test and the client', async () => {
    server.files.write('/data/in.json', '{"a":1}', { mode: 0o600, mtime: 1_000_000_000 });
    expect((await read('/data/in.json')).toString()).toBe('{"a":1}');
    await write('out.bin', Buffer.alloc(300_000, 7));
    expect(server.files.read('/home/rpa/out.bin').equals(Buffer.alloc(300_000, 7))).toBe(true);
    expect(server.files.list()).toEqual(['/data/in.json', '/home/rpa/out.bin']);
    const stats = await call<{ mode: number; size: number; mtime: number }>((done) =>
      sftp.stat('/data/in.json', done as never),
    );
    expect(stats).toMatchObject({ mode: 0o100600, size: 7, mtime: 1_000_000_000 });
  });

  it('are returned byte for byte, whatever their size', async () => {
    for (const size of [0, 1, 31_951, 32_768, 261_120, 261_121, 1_500_000]) {
      const data = Buffer.from(Array.from({ length: size }, (_, index) => (index * 7919) % 251));
      await write('/x', data);
      expect((await read('/x')).equals(data)).toBe(true);
    }
  });

  it('start in the home directory, with normalized paths', async () => {
    const real = (path: string) => call<string>((done) => sftp.realpath(path, done));
    expect(await real('.')).toBe('/home/rpa');
    expect(await real('../../home/./rpa//')).toBe('/home/rpa');
    expect(await real('/../../..')).toBe('/');
    expect(await real('new.txt')).toBe('/home/rpa/new.txt');
    await expect(real('/no/such/folder')).rejects.toEqual(code(2));
  });

  it('are listed with their attributes, . and .. included', async () => {
    server.files.write('/d/a', 'x');
    server.files.mkdir('/d/sub');
    server.files.symlink('a', '/d/link');
    const list = await call<{ filename: string; longname: string }[]>((done) =>
      sftp.readdir('/d', done as never),
    );
    expect(list.map((entry) => entry.filename).sort()).toEqual(['a', 'link', 'sub']);
    // ssh2 hides them.
    const raw = await RawSftp.open(await login(server));
    const { fields } = await raw.ask(11, string('/d'));
    const listed = await raw.ask(12, string(fields.bytes()));
    expect(RawSftp.names(listed.fields).map((entry) => entry.name.toString())).toEqual([
      '.',
      '..',
      'a',
      'sub',
      'link',
    ]);
    expect(list.find((entry) => entry.filename === 'link')?.longname).toMatch(/^lrwxrwxrwx /);
  });

  it('are listed completely if there are many', async () => {
    for (let index = 0; index < 450; index++) server.files.write(`/many/${index}`, '');
    expect(await names('/many')).toHaveLength(450);
  });

  it("lead to OpenSSH's errors for what is not possible", async () => {
    server.files.write('/d/f', 'x');
    await expect(read('/none')).rejects.toEqual(code(2));
    await expect(read('/d/f/below')).rejects.toEqual(code(2));
    await expect(call((done) => sftp.mkdir('/d', done))).rejects.toEqual(code(4));
    await expect(call((done) => sftp.rmdir('/d', done))).rejects.toEqual(code(4));
    await expect(call((done) => sftp.unlink('/d', done))).rejects.toEqual(code(4));
    await expect(call((done) => sftp.readdir('/d/f', done as never))).rejects.toEqual(code(2));
    await expect(call((done) => sftp.open('/d/f', 'wx', done as never))).rejects.toEqual(code(4));
    await expect(call((done) => sftp.readlink('/d/f', done as never))).rejects.toEqual(code(5));
    await expect(write(`/${'n'.repeat(256)}`, '')).rejects.toEqual(code(5));
    await expect(call((done) => sftp.close(Buffer.from('none'), done))).rejects.toEqual(code(4));
  });

  it('respect permission bits', async () => {
    server.files.write('/secret', 'x', { mode: 0o200 });
    server.files.write('/fixed', 'x', { mode: 0o400 });
    await expect(read('/secret')).rejects.toEqual(code(3));
    await expect(write('/fixed', 'y')).rejects.toEqual(code(3));
    await call((done) => sftp.chmod('/fixed', 0o600, done));
    await write('/fixed', 'y');
    await call((done) => sftp.mkdir('/ro', { mode: 0o500 }, done));
    await expect(write('/ro/new', '')).rejects.toEqual(code(3));
  });

  it('refuse a plain rename onto an existing file; posix-rename replaces it', async () => {
    server.files.write('/a', 'new');
    server.files.write('/b', 'old');
    await expect(rename('/a', '/b')).rejects.toEqual(code(4));
    expect(server.files.text('/b')).toBe('old');
    await posixRename('/a', '/b');
    expect(server.files.text('/b')).toBe('new');
    expect(server.files.has('/a')).toBe(false);
    await rename('/b', '/c');
    expect(server.files.list('/')).toEqual(['/c']);
    await posixRename('/c', '/c');
    expect(server.files.text('/c')).toBe('new');
    server.files.mkdir('/dir');
    await expect(posixRename('/c', '/dir')).rejects.toEqual(code(4));
    await expect(posixRename('/dir', '/dir/inside')).rejects.toEqual(code(5));
  });

  it('have symbolic links, with a limit on loops', async () => {
    server.files.write('/target/f', 'through');
    await call((done) => sftp.symlink('/target', '/link', done));
    await call((done) => sftp.symlink('nowhere', '/broken', done));
    expect((await read('/link/f')).toString()).toBe('through');
    expect(await call<string>((done) => sftp.readlink('/link', done))).toBe('/target');
    expect(await call<string>((done) => sftp.realpath('/link/f', done))).toBe('/target/f');
    await write('/broken', 'made');
    expect(server.files.text('/nowhere')).toBe('made');
    server.files.symlink('/b', '/a');
    server.files.symlink('/a', '/b');
    await expect(read('/a')).rejects.toEqual(code(2));
    await call((done) => sftp.unlink('/link', done));
    expect(server.files.text('/target/f')).toBe('through');
  });

  it('can be truncated, appended to and written in any order', async () => {
    const handle = await call<Buffer>((done) => sftp.open('/f', 'w+', done as never));
    await call((done) => sftp.write(handle, Buffer.from('tail'), 0, 4, 6, done as never));
    await call((done) => sftp.write(handle, Buffer.from('head'), 0, 4, 0, done as never));
    expect(server.files.text('/f')).toBe('head\0\0tail');
    await call((done) => sftp.fsetstat(handle, { size: 2 } as never, done));
    await call((done) => sftp.fsetstat(handle, { size: 4 } as never, done));
    expect(server.files.text('/f')).toBe('he\0\0');
    await call((done) => sftp.close(handle, done));
    await call((done) => sftp.appendFile('/f', '+', done));
    expect(server.files.text('/f')).toBe('he\0\0+');
  });

  it('support the extensions of OpenSSH', async () => {
    server.files.write('/f', 'data to copy');
    const from = await call<Buffer>((done) => sftp.open('/f', 'r', done as never));
    const to = await call<Buffer>((done) => sftp.open('/g', 'w', done as never));
    const client = sftp as unknown as Record<string, (...args: unknown[]) => void>;
    await call((done) => client['ext_copy_data']?.(from, 5, 0, to, 0, done));
    expect(server.files.text('/g')).toBe('to copy');
    await call((done) => sftp.ext_openssh_fsync(to, done));
    await call((done) => sftp.ext_openssh_hardlink('/f', '/h', done));
    expect(server.files.text('/h')).toBe('data to copy');
    // ssh2's own call for this one sends a broken packet.
    const raw = await RawSftp.open(await login(server));
    const { fields } = await raw.ask(200, string('expand-path@openssh.com'), string('~/x'));
    expect(RawSftp.names(fields)[0]?.name.toString()).toBe('/home/rpa/x');
    expect(client['_maxWriteLen']).toBe(261_120);
  });

  it('support only the enabled extensions', async () => {
    await start({ sftpExtensions: { 'posix-rename@openssh.com': false, 'statvfs@openssh.com': true } });
    expect(() => sftp.ext_openssh_rename('/a', '/b', () => {})).toThrow('does not support');
    const figures = await call<{ f_bsize: number }>((done) => sftp.ext_openssh_statvfs('/', done as never));
    expect(figures.f_bsize).toBe(4096);
    await start({ sftpExtensions: [] });
    const client = sftp as unknown as { _extensions: object };
    expect(client._extensions).toEqual({});
  });

  it('are not available with sftp: false', async () => {
    await server.close();
    server = await startMockServer({ sftp: false });
    const client = await login(server);
    await expect(openSftp(client)).rejects.toThrow('Unable to start subsystem: sftp');
    expect(() => server.files.read('/x')).toThrow('sftp: false');
  });
});
