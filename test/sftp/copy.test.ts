import { expect, it, vi } from 'vitest';
import { copyRemote } from '../../src/sftp/client/copy.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import { bytesOf, mockSftp } from '../support/mock-sftp.ts';

it('stops in the middle of a copy on an abort, and leaves the old file unchanged', async () => {
  await using mock = await mockSftp({ sftpExtensions: { 'copy-data': false } });
  mock.server.files.write('/from', bytesOf(16 << 20));
  mock.server.files.write('/to', 'old');
  const sftp = await openSftp(mock.link);
  const write = vi.spyOn(sftp, 'write');
  const copying = copyRemote(
    {
      sftp,
      where: mock.opener.where,
      throwIfAborted: () => {
        if (write.mock.calls.length > 0) throw new Error('enough');
      },
    },
    '/from',
    '/to',
  );
  await expect(copying).rejects.toThrow('enough');
  const sent = write.mock.calls.reduce((sum, [, , { length }]) => sum + length, 0);
  expect(sent).toBeLessThan(8 << 20);
  await vi.waitFor(() => expect(mock.server.files.list()).toEqual(['/from', '/to']));
  expect(mock.server.files.text('/to')).toBe('old');
  await sftp.close();
});
