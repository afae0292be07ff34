import { describe, expect, it } from 'vitest';
import { upload } from '../../src/sftp/up/upload.ts';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { lateWindows, type Seen } from '../support/late-window.ts';
import { bytesOf, mockSftp, rejection } from '../support/mock-sftp.ts';

const content = bytesOf(5 * 1024 * 1024);
const openSsh = { ident: 'OpenSSH_9.2p1 Debian-2' };
/** Names OpenSSH, and is none. */
const other = { ident: 'Gate_3.1 (OpenSSH_9.2 compatible)' };

async function uploaded(ident: { ident: string }): Promise<Buffer> {
  await using mock = await mockSftp(ident);
  await upload(mock.opener, content, '/file');
  return mock.server.files.read('/file');
}

/** Bytes that the client sent before the server had answered the request for SFTP. */
function ahead(seen: Seen[]): number {
  const answered = seen.findIndex(({ type }) => type === 'success');
  return sum(seen.slice(0, answered));
}

const sum = (seen: Seen[]) =>
  seen.reduce((bytes, entry) => bytes + (entry.type === 'data' ? entry.bytes : 0), 0);

const overdrawn = (seen: Seen[]) =>
  seen
    .slice(seen.findIndex(({ type }) => type === 'success'))
    .filter((entry) => 'left' in entry && entry.left < 0);

describe('SFTP before the window', () => {
  it('is requested with the first requests from OpenSSH, and counted against the window', async () => {
    using windows = lateWindows();
    expect((await uploaded(openSsh)).equals(content)).toBe(true);
    expect(ahead(windows.seen)).toBeGreaterThan(50);
    expect(ahead(windows.seen)).toBeLessThan(1_000);
    expect(overdrawn(windows.seen)).toEqual([]);
  });

  it.each([
    ['another server', other],
    ['a server that says nothing', { ident: 'x' }],
  ])('waits for the reply of %s', async (_who, ident) => {
    using windows = lateWindows();
    expect((await uploaded(ident)).equals(content)).toBe(true);
    expect(ahead(windows.seen)).toBe(0);
    expect(overdrawn(windows.seen)).toEqual([]);
  });

  it('works if a server grants the window only after sending its version', async () => {
    using windows = lateWindows(50);
    expect((await uploaded(openSsh)).equals(content)).toBe(true);
    expect(ahead(windows.seen)).toBeGreaterThan(50);
  });

  it.each([1, 10, 60])(
    'goes on where it is first granted %i bytes, which is less than it has sent',
    async (first) => {
      using windows = lateWindows(50, first);
      expect((await uploaded(openSsh)).equals(content)).toBe(true);
      expect(ahead(windows.seen)).toBeGreaterThan(60);
      expect(windows.seen.filter((entry) => 'left' in entry && entry.left < -1_000)).toEqual([]);
    },
  );

  it('does not wait forever for a window that a hostile server never grants', async () => {
    using windows = lateWindows('never');
    await using mock = await mockSftp(openSsh);
    const error = await rejection(upload(mock.opener, content, '/file', { stallTimeout: 300 }));
    expect(error).toMatchObject({ code: 'SSH_TRANSFER_STALLED' });
    expect(windows.seen.filter(({ type }) => type === 'data').length).toBeLessThan(10);
  });

  it('sends only a few small requests', async () => {
    using windows = lateWindows('never');
    await using mock = await mockSftp({
      ...openSsh,
      faults: { sftp: { noVersion: true, hangOp: { op: 'STAT' } } },
    });
    const sftp = await mock.opener.openSftp({ atOnce: true });
    const asked: Promise<unknown>[] = [];
    for (let n = 0; n < 40; n++) {
      asked.push(rejection(sftp.stat(`/${'x'.repeat(1_000)}`)));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(sum(windows.seen)).toBeGreaterThan(8 * 1024);
    const lefts = windows.seen.map((entry) => ('left' in entry ? entry.left : 0));
    expect(Math.min(...lefts)).toBeGreaterThanOrEqual(-16 * 1024);
    await sftp.close();
    await Promise.all(asked);
  });

  it('is not needed', async () => {
    using windows = lateWindows();
    switchedOff.add('data before the window');
    try {
      await using mock = await mockSftp(openSsh);
      const { lookInside } = await import('../../src/ssh2/insides/registry/look.ts');
      lookInside(mock.link.client);
      await upload(mock.opener, content, '/file');
      expect(mock.server.files.read('/file').equals(content)).toBe(true);
    } finally {
      switchedOff.clear();
    }
    expect(overdrawn(windows.seen)).toEqual([]);
  });
});
