import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Faults, MockServerOptions } from '../../src/mock-server/index.ts';
import { lastingTempName } from '../../src/sftp/names/temp-name.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import { bytesOf, mockSftp, rejection } from '../support/mock-sftp.ts';

/** A server that replaces a file in three steps: the name is taken, the old file goes aside, the new one gets its name. */
const plain: MockServerOptions = { windows: false, sftpExtensions: { 'posix-rename@openssh.com': false } };
const hang = (op: 'RENAME' | 'WRITE', nth?: number): Faults => ({
  sftp: { hangOp: nth === undefined ? { op } : { op, nth } },
});

type Rename = (sftp: SftpRequests, from: string, to: string) => Promise<void>;

/** An opener whose first session treats its `nth` rename so; all others are as they are. */
function withRename(opener: SftpOpener, nth: number, how: Rename): SftpOpener {
  let count = 0;
  let sessions = 0;
  const openSftp: SftpOpener['openSftp'] = async (options) => {
    const sftp = await opener.openSftp(options);
    if (sessions++ > 0) return sftp;
    const rename = (from: string, to: string) =>
      ++count === nth ? how(sftp, from, to) : sftp.rename(from, to);
    return new Proxy(sftp, {
      get(target, name) {
        if (name === 'rename') return rename;
        const member = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  };
  return Object.assign(Object.create(opener), { openSftp });
}

/** Ends the session, done or not, before the answer. */
const ends =
  (isDone: boolean): Rename =>
  async (sftp, from, to) => {
    if (isDone) await sftp.rename(from, to);
    await sftp.close();
    throw sftp.ended;
  };

describe('replacing a file when only the SFTP session ends', () => {
  it.each([
    [2, true, 'old'],
    [2, false, 'old'],
    [3, true, 'new'],
    [3, false, 'old'],
  ] as const)(
    'leaves one file if it ends at rename %i (done: %s): the %s one',
    async (nth, isDone, which) => {
      await using mock = await mockSftp(plain);
      mock.server.files.write('/t', 'old');
      const opener = withRename(mock.opener, nth, ends(isDone));
      const error = await rejection(upload(opener, Buffer.from('new'), '/t'));
      expect(error).toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
      expect((error as { hint?: string }).hint).toBeUndefined();
      expect(mock.server.files.text('/t')).toBe(which);
      await expect.poll(() => mock.server.files.list(), { timeout: 4_000 }).toEqual(['/t']);
    },
  );

  it('names the old file if it cannot get its name back', async () => {
    await using mock = await mockSftp(plain);
    mock.server.files.write('/t', 'old');
    let sessions = 0;
    const first = withRename(mock.opener, 2, ends(true));
    const openSftp: SftpOpener['openSftp'] = async (options) => {
      if (sessions++ === 0) return first.openSftp(options);
      throw new Error('no session is free');
    };
    const opener: SftpOpener = Object.assign(Object.create(mock.opener), { openSftp });
    const error = await rejection(upload(opener, Buffer.from('new'), '/t'));
    const backup = mock.server.files.list().find((path) => path.endsWith('.old'));
    expect(error).toMatchObject({ hint: expect.stringContaining(`may be under "${backup}"`) });
  });
});

describe('replacing a file on a server that stops to answer', () => {
  it('gives the old file its name back before the stall is told', async () => {
    await using mock = await mockSftp({ ...plain, faults: hang('RENAME', 3) });
    mock.server.files.write('/t', 'old');
    const error = await rejection(upload(mock.opener, Buffer.from('new'), '/t', { stallTimeout: 300 }));
    expect(error).toMatchObject({ code: 'SSH_TRANSFER_STALLED' });
    expect((error as { hint?: string }).hint).toBeUndefined();
    expect(mock.server.files.text('/t')).toBe('old');
    await expect.poll(() => mock.server.files.list(), { timeout: 4_000 }).toEqual(['/t']);
    await expect.poll(() => mock.link.slots.open, { timeout: 4_000 }).toBe(0);
  });

  it('gives it back also if the server moves it away only after that', async () => {
    await using mock = await mockSftp({ ...plain, faults: hang('RENAME', 2) });
    mock.server.files.write('/t', 'old');
    let backup = '';
    const opener = withRename(mock.opener, 2, (sftp, from, to) => {
      backup = to;
      return sftp.rename(from, to);
    });
    await rejection(upload(opener, Buffer.from('new'), '/t', { stallTimeout: 300 }));
    expect(mock.server.files.text('/t')).toBe('old');
    const other = await mock.opener.openSftp();
    await other.rename('/t', backup);
    expect(mock.server.files.list()).toContain(backup);
    await expect.poll(() => mock.server.files.list(), { timeout: 4_000 }).toEqual(['/t']);
    expect(mock.server.files.text('/t')).toBe('old');
    await other.close();
  });

  it('keeps what is there for a later call with resume', async () => {
    await using mock = await mockSftp({ ...plain, faults: hang('RENAME', 3) });
    mock.server.files.write('/t', 'old');
    const options = { stallTimeout: 300, resume: true };
    await rejection(upload(mock.opener, Buffer.from('new'), '/t', options));
    expect(mock.server.files.text('/t')).toBe('old');
    expect(mock.server.files.list()).toHaveLength(2);
  });
});

describe('a stall while the link is up', () => {
  it.each([
    ['a buffer', () => bytesOf(100_000)],
    ['a stream', () => Readable.from([bytesOf(100_000)])],
  ])('leaves nothing of %s', async (_, source) => {
    await using mock = await mockSftp({ faults: hang('WRITE') });
    mock.server.files.write('/t', 'old');
    const error = await rejection(upload(mock.opener, source(), '/t', { stallTimeout: 300 }));
    expect(error).toMatchObject({ code: 'SSH_TRANSFER_STALLED' });
    await expect.poll(() => mock.server.files.list(), { timeout: 4_000 }).toEqual(['/t']);
    expect(mock.server.files.text('/t')).toBe('old');
  });

  it('leaves alone what another transfer writes under the name that ours had', async () => {
    await using mock = await mockSftp({ ...plain, faults: hang('RENAME', 1) });
    await rejection(upload(mock.opener, Buffer.from('new'), '/t', { stallTimeout: 300 }));
    const path = lastingTempName('/t');
    await mock.server.waitFor(
      (entry) => entry.type === 'sftp' && entry.op === 'LSTAT' && entry.path === path,
    );
    mock.server.files.write(path, 'of another transfer');
    await expect.poll(() => mock.link.slots.open, { timeout: 4_000 }).toBe(0);
    expect(mock.server.files.text(path)).toBe('of another transfer');
  });
});
