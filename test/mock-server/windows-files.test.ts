import type { SFTPWrapper } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type MockServer,
  type MockWindowsVersion,
  startMockGateway,
  startMockServer,
  type WindowsPersonality,
} from '../../src/mock-server/index.ts';
import { call, login, openSftp, sleep } from './support.ts';

const code = (status: number) => expect.objectContaining({ code: status });
const [noSuchFile, denied, failure, badMessage] = [code(2), code(3), code(4), code(5)];
const file = '/C:/rpa/in.json';

let server: MockServer;
let sftp: SFTPWrapper;
async function start(windows: WindowsPersonality | true = true) {
  server = await startMockServer({ windows });
  sftp = await openSftp(await login(server));
}
afterEach(() => server.close());

const open = (path: string, flags: 'r' | 'w' | 'r+' | 'wx') =>
  call<Buffer>((done) => sftp.open(path, flags, done));
const close = (handle: Buffer) => call((done) => sftp.close(handle, done));
const write = (handle: Buffer, bytes: number) =>
  call((done) => sftp.write(handle, Buffer.alloc(bytes, 'x'), 0, bytes, 0, done));
const rename = (from: string, to: string) => call((done) => sftp.rename(from, to, done));
const replace = (from: string, to: string) => call((done) => sftp.ext_openssh_rename(from, to, done));
const remove = (path: string) => call((done) => sftp.unlink(path, done));
const chmod = (path: string, mode: number) => call((done) => sftp.chmod(path, mode, done));

describe('the versions of Windows', () => {
  it.each<[MockWindowsVersion, number, number]>([
    ['7.7', 102_400, 0],
    ['8.1', 102_400, 0],
    ['8.6', 200_000, 1],
    ['9.5', 200_000, 1],
    ['9.8', 200_000, 1],
  ])('%s stores %i bytes of a WRITE of 200,000', async (version, stored, limits) => {
    await start({ version });
    const handle = await open(file.replace('rpa/', ''), 'w');
    const written = write(handle, 200_000);
    if (stored < 200_000) await expect(written).rejects.toEqual(failure);
    else await written;
    expect(server.files.stat('/C:/in.json').size).toBe(stored);
    const offered = Object.keys((sftp as unknown as { _extensions: object })._extensions);
    expect(offered.filter((name) => name === 'limits@openssh.com')).toHaveLength(limits);
  });

  it('take the version from the ident, which must exist', async () => {
    server = await startMockServer({ windows: true, ident: 'OpenSSH_for_Windows_9.5 custom' });
    sftp = await openSftp(await login(server));
    await write(await open('/C:/a', 'w'), 200_000);
    for (const version of ['8.2', 8.1])
      await expect(startMockServer({ windows: { version: version as '8.1' } })).rejects.toThrow(TypeError);
  });

  it('answer a READ with at most 100 KiB', async () => {
    await start({ version: '9.5' });
    server.files.write(file, Buffer.alloc(300_000));
    const handle = await open(file, 'r');
    const into = Buffer.alloc(300_000);
    const got = await new Promise((resolve) =>
      sftp.read(handle, into, 0, 200_000, 0, (_error, bytes) => resolve(bytes)),
    );
    expect(got).toBe(102_400);
  });
});

describe('open files', () => {
  it('for writing cannot be opened for reading, and vice versa; readers share, and so do writers', async () => {
    await start();
    server.files.write(file, 'x');
    const both = await open(file, 'r+');
    await expect(open(file, 'w')).rejects.toEqual(failure);
    await close(both);
    const writer = await open(file, 'w');
    await expect(open(file, 'r')).rejects.toEqual(failure);
    const second = await open(file, 'w');
    await close(writer);
    await expect(open(file, 'r')).rejects.toEqual(failure);
    await close(second);
    const reader = await open(file, 'r');
    await close(await open(file, 'r'));
    await close(reader);
  });

  it('cannot be removed, renamed or replaced, and are closed with their session', async () => {
    await start({ version: '9.5' });
    server.files.write(file, 'old');
    server.files.write('/C:/new', 'new');
    const client = await login(server);
    const other = await openSftp(client);
    await call<Buffer>((done) => other.open(file, 'r', done));
    await expect(remove(file)).rejects.toEqual(denied);
    await expect(rename(file, '/C:/b')).rejects.toEqual(denied);
    await expect(replace('/C:/new', file)).rejects.toEqual(denied);
    client.end();
    await expect
      .poll(() =>
        replace('/C:/new', file).then(
          () => 'replaced',
          () => 'held',
        ),
      )
      .toBe('replaced');
    expect(server.files.text(file)).toBe('new');
  });

  it('by another program are held for a time, or until closed', async () => {
    await start();
    server.files.write(file, 'x');
    server.hold(file, 100);
    await close(await open(file, 'r'));
    await expect(remove(file)).rejects.toEqual(denied);
    await sleep(150);
    const release = server.hold(file);
    await expect(replace(file, '/C:/b')).rejects.toEqual(denied);
    release();
    await rename(file, '/C:/b');
    server.hold('/C:/b', 60_000, { share: [] });
    await expect(open('/C:/b', 'r')).rejects.toEqual(failure);
    expect(() => server.hold('/C:/b')).toThrow('is open');
    expect(() => server.hold('/C:/c')).toThrow('has no');
    expect(() => server.hold('/C:/b', 1, { share: ['reading' as 'read'] })).toThrow(TypeError);
  });

  it('keep both names after a plain rename, which is a link and a removal', async () => {
    await start({ version: '9.5' });
    server.files.write(file, 'x');
    const release = server.hold(file);
    await expect(rename(file, '/C:/b')).rejects.toEqual(denied);
    await expect(remove('/C:/b')).rejects.toEqual(denied);
    await expect(rename(file, '/C:/b')).rejects.toEqual(failure);
    release();
    expect([server.files.text(file), server.files.text('/C:/b')]).toEqual(['x', 'x']);
    await remove('/C:/b');
    await chmod(file, 0o400);
    await expect(rename(file, '/C:/b')).rejects.toEqual(denied);
    expect(server.files.text('/C:/b')).toBe('x');
  });

  it('may be renamed and removed if all allow sharing', async () => {
    await start();
    server.files.write(file, 'x');
    server.hold(file, 60_000, { share: ['read', 'write', 'delete'] });
    await rename(file, '/C:/b');
    await remove('/C:/b');
  });

  it('also exist on the PC of a gateway, but not on a POSIX server', async () => {
    await using gateway = await startMockGateway();
    const pc = await gateway.addPc({ server: { windows: true } });
    pc.server.files.write(file, 'x');
    pc.hold(file, 5)();
    server = await startMockServer();
    server.files.write('/a', 'x');
    expect(() => server.hold('/a')).toThrow('option windows');
  });
});

describe('before 8.6', () => {
  it('a replace loses the old file if its second step fails', async () => {
    await start({ version: '8.1' });
    server.files.write(file, 'old');
    server.files.write('/C:/new', 'new');
    server.hold('/C:/new', 60_000);
    await expect(replace('/C:/new', file)).rejects.toEqual(denied);
    expect(server.files.list('/C:/rpa')).toEqual([]);
  });

  it('a target that cannot be removed is reported as a failure, and stays', async () => {
    await start({ version: '8.1' });
    server.files.write(file, 'old');
    server.files.write('/C:/new', 'new');
    server.hold(file, 60_000);
    await expect(replace('/C:/new', file)).rejects.toEqual(failure);
    expect(server.files.text(file)).toBe('old');
  });
});

describe('names, modes and links', () => {
  it('has one bit of the mode, and protects read-only files', async () => {
    await start({ version: '9.5' });
    server.files.write(file, 'x');
    server.files.write('/C:/new', 'x');
    await chmod(file, 0o400);
    expect(((await call<{ mode: number }>((done) => sftp.stat(file, done as never))).mode ?? 0) & 0o777).toBe(
      0o444,
    );
    await expect(open(file, 'w')).rejects.toEqual(denied);
    await expect(remove(file)).rejects.toEqual(denied);
    await expect(replace('/C:/new', file)).rejects.toEqual(denied);
    await expect(call((done) => sftp.utimes(file, 1, 1, done))).rejects.toEqual(failure);
    await chmod(file, 0o600);
    await remove(file);
  });

  it('creates writable files, whatever the mode of OPEN', async () => {
    await start();
    await close(await call<Buffer>((done) => sftp.open('/C:/a', 'w', 0o400, done)));
    await close(await open('/C:/a', 'w'));
  });

  it('accepts paths of 259 characters, and folders of 247', async () => {
    await start();
    const long = (length: number) => `/${'C:/'.padEnd(length, 'x')}`;
    await close(await open(long(200), 'w'));
    await call((done) => sftp.mkdir(`${long(100)}`, done));
    const inside = (length: number) => `${long(100)}/`.padEnd(length + 1, 'y');
    await close(await open(inside(259), 'w'));
    await expect(open(inside(260), 'w')).rejects.toEqual(badMessage);
    await call((done) => sftp.mkdir(inside(247), done));
    await expect(call((done) => sftp.mkdir(inside(248), done))).rejects.toEqual(badMessage);
  });

  it('does not follow links in REALPATH, and lets only administrators create them', async () => {
    await start();
    server.files.write('/C:/real', 'x');
    server.files.symlink('C:\\real', '/C:/link');
    expect(await call<string>((done) => sftp.realpath('/C:/link', done))).toBe('/C:/link');
    expect(await call<string>((done) => sftp.readlink('/C:/link', done))).toBe('C:\\real');
    await call((done) => sftp.symlink('/C:/real', '/C:/second', done));
    await server.close();
    await start({ account: 'standard' });
    await expect(call((done) => sftp.symlink('/C:/real', '/C:/second', done))).rejects.toEqual(denied);
  });

  it('swallows what is written to a device or a stream, and drops dots at the end of a name', async () => {
    await start();
    for (const name of ['NUL', 'aux.txt', 'COM1', 'a:stream', 'dots. .'])
      await write(await open(`/C:/${name}`, 'w'), 5);
    expect(server.files.list('/C:')).toEqual(['/C:/a', '/C:/dots']);
    expect(server.files.stat('/C:/a').size).toBe(0);
    expect(server.files.stat('/C:/dots').size).toBe(5);
    await expect(open('/C:/b:stream', 'r')).rejects.toEqual(noSuchFile);
  });
});
