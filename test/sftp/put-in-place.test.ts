import { describe, expect, it, vi } from 'vitest';
import type { SftpFailed } from '../../src/errors/index.ts';
import { putInPlace, removeFirmly } from '../../src/sftp/target/put-in-place.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import { fakeSftp, refused } from '../support/fake-sftp.ts';
import { mockSftp, rejection } from '../support/mock-sftp.ts';

/** A server without `posix-rename@openssh.com`, whose plain rename refuses an existing target. */
const plain = { sftpExtensions: { 'posix-rename@openssh.com': false } };

describe('renaming a complete file', () => {
  it('replaces an existing file through a backup, which is removed, if the server cannot', async () => {
    await using mock = await mockSftp(plain);
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t', 'old');
    const sftp = await openSftp(mock.link);
    await putInPlace(sftp, '/t.part', '/t');
    expect(mock.server.files.text('/t')).toBe('new');
    expect(mock.server.files.list()).toEqual(['/t']);
  });

  it("restores the old file's name if the new one cannot be renamed", async () => {
    // The first rename finds the name taken, the second moves the old file away, the third one fails.
    // Windows would be asked again, and not fail then.
    const faults = { sftp: { failOp: { op: 'RENAME' as const, nth: 3 } } };
    await using mock = await mockSftp({ ...plain, windows: false, faults });
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t', 'old');
    const sftp = await openSftp(mock.link);
    expect(await rejection(putInPlace(sftp, '/t.part', '/t'))).toMatchObject({
      operation: 'rename',
      status: 4,
    });
    expect(mock.server.files.text('/t')).toBe('old');
    expect(mock.server.files.list()).toEqual(['/t', '/t.part']);
  });

  it('looks again if another upload has taken the old file away between the steps', async () => {
    // The second rename, of the old file, does not find it.
    const faults = { sftp: { failOp: { op: 'RENAME' as const, nth: 2, status: 2 } } };
    await using mock = await mockSftp({ ...plain, windows: false, faults });
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t', 'old');
    await putInPlace(await openSftp(mock.link), '/t.part', '/t');
    expect(mock.server.files.text('/t')).toBe('new');
    expect(mock.server.files.list()).toEqual(['/t']);
  });

  it('says that calling again may help if another upload takes it away again and again', async () => {
    const faults = { sftp: { failOp: { op: 'RENAME' as const, status: 2 } } };
    await using mock = await mockSftp({ ...plain, windows: false, faults });
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t', 'old');
    const error = (await rejection(putInPlace(await openSftp(mock.link), '/t.part', '/t'))) as SftpFailed;
    expect(error).toMatchObject({ operation: 'rename', status: 2, retryable: true });
    expect(error.hint).toBe('Another upload may be replacing the same file: try again once it has ended.');
    expect(mock.server.files.text('/t')).toBe('old');
    expect(mock.server.files.list()).toEqual(['/t', '/t.part']);
  });

  it('does not say so where the new file is gone', async () => {
    const faults = { sftp: { failOp: { op: 'RENAME' as const, status: 2 } } };
    await using mock = await mockSftp({ ...plain, windows: false, faults });
    mock.server.files.write('/t', 'old');
    const error = await rejection(putInPlace(await openSftp(mock.link), '/t.part', '/t'));
    expect(error).toMatchObject({ operation: 'rename', status: 2, retryable: false });
  });

  it('never moves a folder out of the way', async () => {
    await using mock = await mockSftp(plain);
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t/inner', 'x');
    const sftp = await openSftp(mock.link);
    await rejection(putInPlace(sftp, '/t.part', '/t'));
    expect(mock.server.files.text('/t/inner')).toBe('x');
  });

  it('sends nothing if both names are the same', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/t', 'x');
    const sftp = await openSftp(mock.link);
    await sftp.stat('/t');
    const before = mock.server.journal.length;
    await putInPlace(sftp, '/t', '/t');
    expect(mock.server.journal.length).toBe(before);
  });
});

describe('a server that failed to replace a file', () => {
  const asked = (members: Parameters<typeof fakeSftp>[0]) => {
    const rename = vi.fn(async () => {});
    const extended = async (): Promise<never> => {
      throw refused(4, 'rename');
    };
    const lstat = async () => ({ mode: 0o100644 });
    return { rename, sftp: fakeSftp({ supports: () => true, extended, lstat, rename, ...members }) };
  };
  const isGone = async () => {
    throw refused(2, 'lstat');
  };

  it('is sent a plain rename if it has removed the old file anyway', async () => {
    const { sftp, rename } = asked({ lstat: isGone });
    await putInPlace(sftp, '/t.part', '/t');
    expect(rename).toHaveBeenCalledWith('/t.part', '/t');
  });

  it.each<[string, Parameters<typeof fakeSftp>[0]]>([
    ['has the old file still', {}],
    ['cannot say whether it has', { lstat: async () => Promise.reject(refused(3)) }],
    ['is gone', { lstat: isGone, ended: refused(7) }],
  ])('is sent nothing more if it %s', async (_, members) => {
    const { sftp, rename } = asked(members);
    await expect(putInPlace(sftp, '/t.part', '/t')).rejects.toMatchObject({ status: 4, operation: 'rename' });
    expect(rename).not.toHaveBeenCalled();
  });

  it('is reported with the first refusal if the plain rename is refused, too', async () => {
    const rename = async () => Promise.reject(refused(3, 'second'));
    const { sftp } = asked({ lstat: isGone, rename });
    await expect(putInPlace(sftp, '/t.part', '/t')).rejects.toMatchObject({ status: 4, operation: 'rename' });
  });
});

describe('removing a file of ours', () => {
  const windows = { maxPath: 259, renameReplaces: true } as never;
  const removing = (members: Parameters<typeof fakeSftp>[0]) => {
    const remove = vi.fn(async () => {});
    remove.mockRejectedValueOnce(refused(4, 'remove'));
    const setstat = vi.fn(async () => {});
    const lstat = async () => ({ mode: 0o100444 });
    return { remove, setstat, sftp: fakeSftp({ remove, setstat, lstat, ...members }) };
  };

  it('makes it writable on Windows if refused, and retries', async () => {
    const { sftp, remove, setstat } = removing({ windows });
    await removeFirmly(sftp, '/t');
    expect(setstat).toHaveBeenCalledWith('/t', { mode: 0o666 });
    expect(remove).toHaveBeenCalledTimes(2);
  });

  it.each<[string, Parameters<typeof fakeSftp>[0]]>([
    ['elsewhere', {}],
    ['when the session is over', { windows, ended: refused(7) }],
    ['when it is gone', { windows, lstat: async () => Promise.reject(refused(2)) }],
  ])('tries once %s', async (_, members) => {
    const { sftp, remove, setstat } = removing(members);
    await removeFirmly(sftp, '/t');
    expect(remove).toHaveBeenCalledTimes(1);
    expect(setstat).not.toHaveBeenCalled();
  });
});
