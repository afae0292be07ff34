import iconv from 'iconv-lite';
import type { ClientChannel, SFTPWrapper } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { type MockServer, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { call, collect, login, openSftp, sleep } from './support.ts';

const code = (status: number) => expect.objectContaining({ code: status });

describe('a Windows personality', () => {
  let server: MockServer;
  let sftp: SFTPWrapper;
  const start = async (options: MockServerOptions = {}) => {
    server = await startMockServer({ windows: true, ...options });
    sftp = await openSftp(await login(server));
  };
  afterEach(() => server.close());

  it('identifies itself as OpenSSH for Windows, and ignores the case of the user name', async () => {
    await start();
    const client = await login(server, { username: 'RPA' });
    expect((client as unknown as { _remoteVer: string })._remoteVer).toBe('OpenSSH_for_Windows_7.7');
  });

  it('has paths with drives, in any spelling, ignoring case', async () => {
    await start();
    server.files.write('C:\\rpa\\In.json', 'hello');
    for (const path of ['/C:/rpa/In.json', 'C:/rpa/In.json', 'C:\\rpa\\In.json', '/c:/RPA/in.JSON'])
      expect((await call<Buffer>((done) => sftp.readFile(path, done))).toString(), path).toBe('hello');
    expect(await call<string>((done) => sftp.realpath('.', done))).toBe('/C:/Users/rpa');
    expect(await call<string>((done) => sftp.realpath('c:\\RPA\\IN.json', done))).toBe('/C:/RPA/IN.json');
    await call((done) => sftp.writeFile('/C:/rpa/IN.JSON', 'new', done));
    expect(server.files.list('/C:/rpa')).toEqual(['/C:/rpa/In.json']);
    await call((done) => sftp.rename('/C:/rpa/in.json', '/C:/rpa/IN.json', done));
    expect(server.files.list('/C:/rpa')).toEqual(['/C:/rpa/IN.json']);
  });

  it('rejects names that are invalid on Windows', async () => {
    await start();
    for (const name of ['a:b/c', 'a?', '<x>', 'pipe|', 'q"'])
      await expect(
        call((done) => sftp.writeFile(`/C:/${name}`, '', done)),
        name,
      ).rejects.toEqual(code(4));
  });

  it('prints in the code page of the console', async () => {
    await start({ windows: { codePage: 949 }, exec: { dir: { stdout: '고객 믜뷁\r\n' } } });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('dir', done as never));
    const chunks: Buffer[] = [];
    channel.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => channel.on('close', resolve));
    expect(iconv.decode(Buffer.concat(chunks), 'cp949')).toBe('고객 믜뷁\r\n');
    expect(Buffer.concat(chunks).toString()).not.toContain('고객');
  });

  it('has no signals', async () => {
    await start({ exec: { job: { delayMs: 120, stdout: 'finished' } } });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('job', done as never));
    const outcome = collect(channel);
    channel.signal('KILL');
    expect(await outcome).toMatchObject({ code: 0, stdout: 'finished' });
  });

  it('replaces a file in one step, or as old versions did', async () => {
    await start({ windows: { version: '8.6' } });
    server.files.write('/C:/a', 'a');
    await call((done) => sftp.ext_openssh_rename('/C:/a', '/C:/A', done));
    expect(server.files.text('/C:/A')).toBe('a');
    await server.close();
    await start();
    server.files.write('/C:/a', 'new');
    server.files.write('/C:/b', 'old');
    const renamed = call((done) => sftp.ext_openssh_rename('/C:/a', '/C:/b', done));
    let wasAbsent = false;
    while (await Promise.race([renamed.then(() => false), sleep(0).then(() => true)]))
      wasAbsent ||= !server.files.has('/C:/b');
    expect(wasAbsent).toBe(true);
    expect(server.files.text('/C:/b')).toBe('new');
    await expect(call((done) => sftp.ext_openssh_rename('/C:/b', '/C:/b', done))).rejects.toEqual(code(2));
    expect(server.files.has('/C:/b')).toBe(false);
  });
});
