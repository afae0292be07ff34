import { describe, expect, it, vi } from 'vitest';
import { SftpFailed } from '../../src/errors/index.ts';
import { hinted } from '../../src/sftp/transfer/hinted.ts';
import { changeInUse, openElsewhereHint, openInUse, pursuitOf } from '../../src/sftp/transfer/in-use.ts';
import { factsOf } from '../../src/windows/versions.ts';
import { fakeSftp, refused } from '../support/fake-sftp.ts';

const clock = vi.hoisted(() => ({ at: 0, slept: [] as number[] }));
vi.mock('../../src/time/timer.ts', async (original) => ({
  ...(await original<object>()),
  now: () => clock.at,
  sleep: async (ms: number) => {
    clock.slept.push(ms);
    clock.at += ms;
  },
}));

const windows = factsOf('9.5');

/** Work that is refused so often with this status before it is done. */
function work(times: number, status = 4) {
  clock.slept = [];
  let left = times;
  return vi.fn(async () => {
    if (left-- > 0) throw refused(status, 'rename');
    return 'done';
  });
}

describe('a remote file that another program has open', () => {
  it('is retried on Windows, with growing waits', async () => {
    const run = { throwIfFailed: vi.fn(), alive: vi.fn() };
    const open = work(6);
    expect(await openInUse(fakeSftp({ windows }), run, open)).toBe('done');
    expect(clock.slept).toEqual([50, 100, 200, 400, 500, 500]);
    expect([run.throwIfFailed.mock.calls.length, run.alive.mock.calls.length]).toEqual([7, 6]);
  });

  it('fails after five seconds, explaining the reason', async () => {
    const change = work(100, 3);
    const error = await changeInUse(fakeSftp({ windows }), undefined, change).catch((problem) => problem);
    expect(clock.slept.reduce((sum, ms) => sum + ms)).toBe(4_750);
    expect(error).toMatchObject({
      message: 'rename refused: it is open in another program',
      ...{ status: 3, operation: 'rename', path: '/x', retryable: true, hint: openElsewhereHint },
      cause: { status: 3 },
    });
    expect(error).toBeInstanceOf(SftpFailed);
  });

  it.each([
    ['opening', openInUse, 3],
    ['changing', changeInUse, 2],
  ] as const)('is not assumed for another status of %s', async (_what, call, status) => {
    const once = work(1, status);
    await expect(call(fakeSftp({ windows }), undefined, once)).rejects.toMatchObject({
      status,
      message: 'rename refused',
    });
    expect(once).toHaveBeenCalledTimes(1);
  });

  it('is not assumed on other servers, for other errors, or after the session has ended', async () => {
    for (const members of [{}, { windows, ended: refused(7) }]) {
      const once = work(1);
      await expect(openInUse(fakeSftp(members), undefined, once)).rejects.toMatchObject({
        message: 'rename refused',
      });
      expect(once).toHaveBeenCalledTimes(1);
    }
    const own = vi.fn(async () => Promise.reject(new TypeError('ours')));
    await expect(openInUse(fakeSftp({ windows }), undefined, own)).rejects.toThrow('ours');
    expect(own).toHaveBeenCalledTimes(1);
  });

  it('is not assumed if the reason is known to be another', async () => {
    const once = work(1);
    const final = changeInUse(fakeSftp({ windows }), undefined, once, async () => true);
    await expect(final).rejects.toMatchObject({ message: 'rename refused' });
    expect(once).toHaveBeenCalledTimes(1);
    const twice = work(1);
    expect(await changeInUse(fakeSftp({ windows }), undefined, twice, async () => false)).toBe('done');
  });

  it('that finally fails in another way has that error', async () => {
    const errors = [refused(4), refused(2)];
    const change = async () => Promise.reject(errors.shift());
    await expect(changeInUse(fakeSftp({ windows }), undefined, change)).rejects.toMatchObject({
      status: 2,
      message: 'open refused',
    });
  });

  it('is not waited for after the transfer has failed', async () => {
    const change = work(100);
    const run = pursuitOf(() => {
      if (change.mock.calls.length === 2) throw new Error('no more');
    });
    await expect(changeInUse(fakeSftp({ windows }), run, change)).rejects.toThrow('no more');
    expect(change).toHaveBeenCalledTimes(2);
    run.alive();
  });
});

it('a hint is put before the existing one', () => {
  const plain = hinted(refused(4), 'First.');
  expect(plain).toMatchObject({
    status: 4,
    operation: 'open',
    path: '/x',
    hint: 'First.',
    cause: { status: 4 },
  });
  expect(hinted(plain, 'Before.').hint).toBe('Before. First.');
});
