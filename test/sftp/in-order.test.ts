import { describe, expect, it, vi } from 'vitest';
import { SftpFailed, TransferFailed } from '../../src/errors/index.ts';
import { againInOrder, mayBeOrder, withOrderHint } from '../../src/sftp/flow/in-order.ts';
import { type WriteOrder, Writes } from '../../src/ssh2/sftp/write-order.ts';
import { fakeSftp, refused } from '../support/fake-sftp.ts';
import { where } from '../support/memory-sftp.ts';

function server(order: WriteOrder = 'in turn', ended?: SftpFailed) {
  const findings = { writesOneByOne: false };
  return { findings, sftp: fakeSftp({ writes: new Writes(order, findings), ended: ended as never }) };
}

const refusal = (reason: string) =>
  new SftpFailed('refused', { ...where, phase: 'transfer', operation: 'write', status: 4, reason });

describe('whether a refusal may be due to the order of writes', () => {
  it.each<[boolean, Error]>([
    [true, refused(4, 'write')],
    [true, refused(5, 'close')],
    [true, refused(8, 'write')],
    [false, refused(3, 'write')],
    [false, refused(4, 'open')],
    [true, refusal('not at the end')],
    ...['no space left', 'disk full', 'Quota exceeded', 'over the limit', 'too large'].map(
      (reason): [boolean, Error] => [false, refusal(reason)],
    ),
    [false, new Error('write')],
  ])('%s: %s', (may, error) => {
    expect(mayBeOrder(server().sftp, error)).toBe(may);
  });

  it('is false if any order is allowed, or the session has ended', () => {
    expect(mayBeOrder(server('free').sftp, refused(4, 'write'))).toBe(false);
    expect(mayBeOrder(server('in turn', refused(4)).sftp, refused(4, 'write'))).toBe(false);
    expect(mayBeOrder(server('one by one').sftp, refused(4, 'write'))).toBe(true);
  });
});

describe('writing again in order', () => {
  const failing = (...errors: (Error | undefined)[]) =>
    vi.fn(async (_isAgain: boolean) => {
      const error = errors.shift();
      if (error) throw error;
    });

  it('is not needed if the first attempt works', async () => {
    const attempt = failing();
    const { sftp, findings } = server();
    await againInOrder(sftp, attempt);
    expect(attempt.mock.calls).toEqual([[false]]);
    expect(findings.writesOneByOne).toBe(false);
  });

  it('is remembered if it helps, also for transfer errors', async () => {
    const details = { ...where, phase: 'transfer', path: '/a', transferred: 0, reason: '' } as const;
    for (const error of [
      refused(4, 'write'),
      new TransferFailed('no', { ...details, cause: refused(4, 'close') }),
    ]) {
      const attempt = failing(error);
      const { sftp, findings } = server();
      await againInOrder(sftp, attempt);
      expect(attempt.mock.calls).toEqual([[false], [true]]);
      expect(findings.writesOneByOne).toBe(true);
    }
  });

  it('is forgotten if it does not help', async () => {
    const attempt = failing(refused(4, 'write'), refused(5, 'write'));
    const { sftp, findings } = server();
    await expect(againInOrder(sftp, attempt)).rejects.toMatchObject({ status: 5 });
    expect(findings.writesOneByOne).toBe(false);
  });

  it('is kept if another file has detected it meanwhile', async () => {
    const { sftp, findings } = server();
    const attempt = vi.fn(async () => {
      findings.writesOneByOne = true;
      throw refused(4, 'write');
    });
    await expect(againInOrder(sftp, attempt)).rejects.toMatchObject({ status: 4 });
    expect(attempt).toHaveBeenCalledTimes(2);
    expect(findings.writesOneByOne).toBe(true);
  });

  it('is tried for what resumes, also if already in order', async () => {
    const attempt = failing(refused(4, 'write'));
    const { sftp } = server('one by one');
    await againInOrder(sftp, attempt, true);
    expect(attempt.mock.calls).toEqual([[false], [true]]);
  });

  it('is not tried if already in order, nor for other errors', async () => {
    for (const [order, error] of [
      ['one by one', refused(4, 'write')],
      ['in turn', refused(3, 'write')],
    ] as const) {
      const attempt = failing(error);
      await expect(againInOrder(server(order).sftp, attempt)).rejects.toBe(error);
      expect(attempt).toHaveBeenCalledTimes(1);
    }
  });
});

it('hints at writesInOrder for a stream to an unknown server', () => {
  const error = refused(4, 'write');
  expect(withOrderHint(server().sftp, error)).toMatchObject({
    status: 4,
    hint: expect.stringContaining('writesInOrder: true'),
  });
  expect(withOrderHint(server('one by one').sftp, error)).toBe(error);
  for (const order of ['in turn', 'one by one'] as const)
    expect(withOrderHint(server(order).sftp, error, true)).toMatchObject({
      hint: expect.stringContaining('only from its beginning, and empty it for that'),
    });
  const denied = refused(3, 'write');
  expect(withOrderHint(server().sftp, denied)).toBe(denied);
});
