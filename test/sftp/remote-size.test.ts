import { describe, expect, it, vi } from 'vitest';
import type { TransferContext } from '../../src/sftp/flow/transfer-context.ts';
import { checkRemoteSize } from '../../src/sftp/verify/remote-size.ts';
import { brokenReply } from '../../src/ssh2/sftp/errors.ts';
import { fakeHandle, fakeSftp, readsOf, refused } from '../support/fake-sftp.ts';

/** A server that tells no size, with a copy of so many bytes. */
function silent(bytes: number, members: Parameters<typeof fakeSftp>[0] = {}) {
  const closeHandle = vi.fn(async () => {});
  const stat = async () => {
    throw refused(3);
  };
  const { read } = readsOf(Buffer.alloc(bytes));
  const sftp = fakeSftp({ stat, open: async () => fakeHandle, read, closeHandle, ...members });
  const run = { what: 'upload', where: { host: 'pc', port: 22, hop: 0 }, progress: { transferred: 0 } };
  const context = { sftp, run } as unknown as TransferContext;
  const check = (size: number, told?: number) =>
    checkRemoteSize(context, { size, remotePath: '/copy' }, '/copy.part', told);
  return { check, closeHandle };
}

describe('the size of a copy', () => {
  it('is that of FSTAT, else that of STAT', async () => {
    const { check } = silent(0, { stat: async () => ({ size: 5 }) });
    await check(7, 7);
    await check(5);
    await expect(check(5, 7)).rejects.toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
    await expect(check(7)).rejects.toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
  });

  it.each([0, 1, 2, 1_000])(
    'of %d bytes is checked by its last byte if the server reports none',
    async (size) => {
      const { check, closeHandle } = silent(size);
      await check(size);
      await expect(check(size + 1)).rejects.toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
      if (size > 0) await expect(check(size - 1)).rejects.toMatchObject({ code: 'SSH_TRANSFER_FAILED' });
      expect(closeHandle).toHaveBeenCalledTimes(size > 0 ? 3 : 2);
    },
  );

  it('cannot be checked if reading is refused too, and the error says what to do', async () => {
    const open = async () => {
      throw refused(3);
    };
    await expect(silent(3, { open }).check(3)).rejects.toMatchObject({
      reason: 'the server does not reveal the size of the copy',
      hint: expect.stringContaining('verify: false'),
    });
  });

  it.each(['stat', 'open'] as const)('is not considered correct if %s has an invalid reply', async (name) => {
    const broken = brokenReply({ host: 'pc', port: 22, hop: 'pc' }, { operation: name, path: '/x' }, 'text');
    const failing = async () => {
      throw broken;
    };
    await expect(silent(3, { [name]: failing }).check(3)).rejects.toBe(broken);
  });

  it.each([2, 3, 4, 8, 10])('cannot be checked if everything is answered with status %d', async (status) => {
    const refuse = async () => {
      throw refused(status);
    };
    await expect(silent(3, { stat: refuse, open: refuse }).check(3)).rejects.toMatchObject({
      hint: expect.stringContaining('verify: false'),
    });
    await silent(3, { stat: refuse }).check(3);
  });

  it('is not considered correct if a read fails, and the file is closed unless the session has ended', async () => {
    for (const ended of [undefined, refused(7)]) {
      const read: Parameters<typeof fakeSftp>[0]['read'] = (_handle, _position, _length, done) =>
        done(refused(4), undefined, 0);
      const { check, closeHandle } = silent(3, { read, ended });
      await expect(check(3)).rejects.toMatchObject({ cause: { status: 4 } });
      expect(closeHandle).toHaveBeenCalledTimes(ended ? 0 : 1);
    }
  });

  it('is correct even if the file cannot be closed', async () => {
    const closeHandle = async () => {
      throw refused(4);
    };
    await silent(3, { closeHandle }).check(3);
  });
});
