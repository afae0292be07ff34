import { describe, expect, it } from 'vitest';
import { putInPlace } from '../../src/sftp/target/put-in-place.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import { mockSftp, rejection } from '../support/mock-sftp.ts';

/** A server without `posix-rename@openssh.com`, whose plain rename refuses an existing target. */
const plain = { sftpExtensions: { 'posix-rename@openssh.com': false } };

describe('giving a finished file its name', () => {
  it('replaces an existing file on a server that cannot, by way of a backup that goes', async () => {
    await using mock = await mockSftp(plain);
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t', 'old');
    const sftp = await openSftp(mock.link);
    await putInPlace(sftp, '/t.part', '/t');
    expect(mock.server.files.text('/t')).toBe('new');
    expect(mock.server.files.list()).toEqual(['/t']);
  });

  it('gives the old file its name back when the new one cannot take it', async () => {
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

  it('never moves a folder out of the way', async () => {
    await using mock = await mockSftp(plain);
    mock.server.files.write('/t.part', 'new');
    mock.server.files.write('/t/inner', 'x');
    const sftp = await openSftp(mock.link);
    await rejection(putInPlace(sftp, '/t.part', '/t'));
    expect(mock.server.files.text('/t/inner')).toBe('x');
  });

  it('asks nothing of the server when both names are the same', async () => {
    await using mock = await mockSftp();
    mock.server.files.write('/t', 'x');
    const sftp = await openSftp(mock.link);
    await sftp.stat('/t');
    const before = mock.server.journal.length;
    await putInPlace(sftp, '/t', '/t');
    expect(mock.server.journal.length).toBe(before);
  });
});
