import { describe, expect, it } from 'vitest';
import { type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { sftpOpener } from '../../src/ssh2/sftp/opener.ts';
import { rejection } from '../support/mock-sftp.ts';
import { plainLink } from '../support/plain-link.ts';

const openSsh = { ident: 'OpenSSH_9.2' };

async function start(options: MockServerOptions, channelTimeout = 5_000) {
  const server = await startMockServer({ ...openSsh, ...options });
  const { host, port, username, password } = server;
  const plain = await plainLink({ host, port, username, password, channelTimeout });
  const dispose = async () => {
    await plain.close();
    await server.close();
  };
  return { server, link: plain.link, opener: sftpOpener(plain.link), [Symbol.asyncDispose]: dispose };
}

const bytes = Buffer.from('x');
const silent = { sftp: { noVersion: true, hangOp: { op: 'STAT' as const } } };

describe('a transfer that starts before the server has sent its version', () => {
  it('fails like opening the session if there is no SFTP, and releases the session', async () => {
    await using mock = await start({ sftp: false });
    const error = await rejection(upload(mock.opener, bytes, '/file'));
    expect(error).toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED' });
    await expect.poll(() => mock.link.slots.open).toBe(0);
    expect(mock.link.lost.error).toBeUndefined();
  });

  it('waits for the version up to the channel timeout, which is not a stall', async () => {
    await using mock = await start({ faults: silent }, 600);
    const startedAt = performance.now();
    const error = await rejection(download(mock.opener, '/file', '/tmp/never', { stallTimeout: 100 }));
    expect(error).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT' });
    expect(performance.now() - startedAt).toBeGreaterThan(550);
    await expect.poll(() => mock.link.slots.open).toBe(0);
  });

  it('stops on an abort', async () => {
    await using mock = await start({ faults: silent }, 600);
    const abort = new AbortController();
    const failed = rejection(download(mock.opener, '/file', '/tmp/never', { signal: abort.signal }));
    setTimeout(() => abort.abort('enough'), 50);
    expect(await failed).toBe('enough');
    // What it has begun on the server it takes away first, if the server greets in time.
    await expect.poll(() => mock.link.slots.open, { timeout: 3_000 }).toBe(0);
  });

  it('fails with what ended the session, not with its first request', async () => {
    await using mock = await start({ faults: { sftp: { garbagePacket: true } } });
    const error = await rejection(upload(mock.opener, bytes, '/file'));
    expect(error).toMatchObject({ code: 'SSH_SFTP_FAILED', operation: 'session' });
  });

  it("accepts no replies before the server's version", async () => {
    await using mock = await start({ faults: { sftp: { noVersion: true } } });
    const error = await rejection(upload(mock.opener, bytes, '/file'));
    expect(error).toMatchObject({ code: 'SSH_SFTP_FAILED', operation: 'session' });
    expect((error as Error).message).toContain('an answer before its version');
    await expect.poll(() => mock.link.slots.open).toBe(0);
  });

  it('waits for the version from servers other than OpenSSH', async () => {
    await using mock = await start({ ident: 'Other_1.0', faults: { sftp: { noVersion: true } } });
    const sftp = plainOther(mock.link);
    expect(await rejection(sftp.openSftp({ atOnce: true, timeout: 200 }))).toMatchObject({
      code: 'SSH_CHANNEL_TIMEOUT',
    });
  });
});

function plainOther(link: Parameters<typeof sftpOpener>[0]) {
  return sftpOpener(link, { serverVersion: 'Other_1.0' });
}
