import { Duplex, PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { ChannelOpenFailed, ChannelTimeout, ConnectionLost, SftpFailed } from '../../src/errors/index.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import { SftpSession } from '../../src/ssh2/sftp/session.ts';
import { openFlag } from '../../src/ssh2/sftp/wire.ts';
import { bytesOf, mockSftp, rejection } from '../support/mock-sftp.ts';

describe('opening an SFTP session', () => {
  it('learns limits and extensions', async () => {
    await using mock = await mockSftp();
    const sftp = await openSftp(mock.link);
    await sftp.stat('/');
    expect(sftp.maxWrite).toBeGreaterThan(200_000);
    expect(sftp.supports('posix-rename@openssh.com')).toBe(true);
    expect(sftp.supports('posix-rename@openssh.com', '7')).toBe(false);
    await sftp.close();
    expect(mock.link.slots.open).toBe(0);
  });

  it('fails if the server never sends its version, and releases the session', async () => {
    await using mock = await mockSftp({ faults: { sftp: { noVersion: true } } });
    const error = await rejection(openSftp(mock.link, { timeout: 200 }));
    expect(error).toBeInstanceOf(ChannelTimeout);
    await expect.poll(() => mock.link.slots.open).toBe(0);
  });

  it('works without limits that the server never reports', async () => {
    await using mock = await mockSftp({ ident: 'Other_1.0', faults: { sftp: { noLimits: true } } });
    const sftp = await openSftp(mock.link);
    expect(sftp.maxWrite).toBe(31_744);
    mock.server.files.write('/f', 'x');
    expect((await sftp.stat('/f')).size).toBe(1);
  });

  it.each(['7.7', '8.1', '9.5'])('uses the write and read sizes of Windows %s', async (version) => {
    const sftpExtensions = { 'limits@openssh.com': version === '9.5' };
    await using mock = await mockSftp({ ident: `OpenSSH_for_Windows_${version}`, sftpExtensions });
    const sftp = await openSftp(mock.link, { serverVersion: `OpenSSH_for_Windows_${version}` });
    await sftp.stat('/');
    expect(sftp.maxWrite).toBe(version === '9.5' ? 261_120 : 31_744);
    expect(sftp.maxRead).toBe(102_400);
  });

  it('reports that there is no SFTP', async () => {
    await using mock = await mockSftp({ sftp: false });
    expect(await rejection(openSftp(mock.link))).toBeInstanceOf(ChannelOpenFailed);
    await expect.poll(() => mock.link.slots.open).toBe(0);
  });

  it.each([
    ['Welcome\x1b[2J to the machine\n', 'Welcome\\x1b[2J to the machine'],
    ['\n\0\0\0\x05', 'before SFTP began: '],
  ])('shows the text printed by a startup file of the shell, and explains it: %j', async (said, shown) => {
    await using mock = await mockSftp();
    const channel = Object.assign(new Duplex({ read() {}, write: (_, __, done) => done() }), {
      stderr: new PassThrough(),
      close() {},
    });
    const session = new SftpSession(mock.link, channel as unknown as ClientChannel, 1_000);
    const version = rejection(session.handshake());
    channel.push(said);
    expect(await version).toMatchObject({
      name: 'SftpFailed',
      message: expect.stringContaining(shown),
      hint: expect.stringContaining('.bashrc'),
    });
  });

  it('ends only the session at bytes that are not SFTP', async () => {
    await using mock = await mockSftp({ faults: { sftp: { garbagePacket: true } } });
    const error = await rejection(openSftp(mock.link).then((sftp) => sftp.stat('/')));
    expect(error).toBeInstanceOf(SftpFailed);
    expect(mock.link.lost.error).toBeUndefined();
    const channel = await mock.link.exec({ command: 'true' });
    const outcome = await new Promise((resolve) =>
      channel.start({ onStdout: () => {}, onStderr: () => {}, onEnd: resolve }),
    );
    expect(outcome).toMatchObject({ kind: 'exit', exitCode: 0 });
  });

  it('stops on an abort', async () => {
    await using mock = await mockSftp({ faults: { sftp: { noVersion: true } } });
    const reason = new Error('enough');
    expect(await rejection(openSftp(mock.link, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 50);
    expect(await rejection(openSftp(mock.link, { signal: abort.signal }))).toBe(reason);
    await expect.poll(() => mock.link.slots.open).toBe(0);
  });

  it('rejects at once if the connection is lost', async () => {
    await using mock = await mockSftp({ faults: { sftp: { noVersion: true } } });
    const opening = rejection(openSftp(mock.link));
    setTimeout(() => mock.server.dropAll('rst'), 100);
    expect(await opening).toBeInstanceOf(ConnectionLost);
    expect(await rejection(openSftp(mock.link))).toBeInstanceOf(ConnectionLost);
  });

  it('opens a spare session only if others remain', async () => {
    await using mock = await mockSftp();
    for (let at = 0; at < 7; at++) await openSftp(mock.link);
    await openSftp(mock.link, { spare: true });
    expect(await rejection(openSftp(mock.link, { spare: true }))).toBeInstanceOf(SftpFailed);
    expect(mock.link.slots.open).toBe(8);
  });
});

describe('requests of an SFTP session', () => {
  it('time out separately, and a late reply is ignored', async () => {
    await using mock = await mockSftp({ faults: { sftp: { hangOp: { op: 'STAT', nth: 1 } } } });
    const sftp = await openSftp(mock.link, { requestTimeout: 200 });
    const error = await rejection(sftp.stat('/x'));
    expect(error).toBeInstanceOf(ChannelTimeout);
    expect(await rejection(sftp.stat('/x'))).toMatchObject({ status: 2, operation: 'stat', path: '/x' });
  });

  it('are matched with their replies in any order', async () => {
    const faults = { sftp: { duplicateReplies: true, unaskedReplies: true } };
    await using mock = await mockSftp({ faults });
    const sftp = await openSftp(mock.link);
    for (let at = 0; at < 50; at++) mock.server.files.write(`/f${at}`, 'x'.repeat(at));
    const sizes = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => (await sftp.stat(`/f${at}`)).size),
    );
    expect(sizes).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });

  it('all settle if the server closes only the session', async () => {
    await using mock = await mockSftp({ faults: { sftp: { hangOp: { op: 'STAT' } } } });
    const sftp = await openSftp(mock.link);
    const pending = Array.from({ length: 10 }, () => rejection(sftp.stat('/x')));
    await sftp.close();
    for (const error of await Promise.all(pending)) expect(error).toBeInstanceOf(SftpFailed);
    expect(mock.link.slots.open).toBe(0);
    expect(mock.link.lost.listenerCount).toBe(0);
  });

  it('read and write at their positions', async () => {
    await using mock = await mockSftp();
    const sftp = await openSftp(mock.link);
    const content = bytesOf(100_000);
    const handle = await sftp.open('/f', openFlag.write | openFlag.create | openFlag.read);
    const buffer = Buffer.concat([Buffer.alloc(288), content]);
    await new Promise<void>((resolve, reject) => {
      sftp.write(handle, 5, { buffer, start: 288, length: content.length }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
    const got = await new Promise<Buffer>((resolve, reject) => {
      sftp.read(handle, 5, content.length, (error, pieces) =>
        error ? reject(error) : resolve(Buffer.concat(pieces ?? [])),
      );
    });
    expect(got.equals(content)).toBe(true);
    await sftp.closeHandle(handle);
  });
});
