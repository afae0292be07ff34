import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  ChannelTimeout,
  ConnectionLost,
  SftpFailed,
  TransferFailed,
  TransferStalled,
} from '../../src/errors/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import { OpenElsewhere } from '../../src/sftp/transfer/local-in-use.ts';
import { TransferRun } from '../../src/sftp/transfer/run.ts';
import { explain, transferFailed, wrongSize } from '../../src/sftp/transfer/transfer-errors.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';
import { refused } from '../support/fake-sftp.ts';
import { memorySftp, where } from '../support/memory-sftp.ts';
import { localFolder } from '../support/mock-sftp.ts';

function running() {
  const run = new TransferRun({
    what: 'upload',
    where,
    lost: new LostSignal(),
    stallTimeout: Number.POSITIVE_INFINITY,
  });
  run.moved('a', 7);
  return run;
}

const details = { ...where, phase: 'transfer' } as const;

describe('the error of a transfer', () => {
  const at = { local: '/here', remote: '/there' };

  it('names the remote path for a refusal, and the local one for a local failure', () => {
    const error = refused(3);
    expect(explain(running(), at, error)).toMatchObject({
      message: 'The upload failed at "/there": the server refused open: no reason given',
      ...{ path: '/there', transferred: 7, retryable: false, cause: error },
    });
    const answer = new SftpFailed('x', {
      ...details,
      operation: 'read',
      reason: 'a wrong reply',
      hint: 'look',
    });
    expect(explain(running(), at, answer)).toMatchObject({ reason: 'a wrong reply', hint: 'look' });
    expect(explain(running(), at, new Error('EIO'))).toMatchObject({
      path: '/here',
      reason: 'EIO',
      retryable: false,
    });
    expect(explain(running(), '/both', new Error('EIO'))).toMatchObject({ path: '/both' });
    const held = new OpenElsewhere(new Error('EBUSY'));
    expect(explain(running(), at, held)).toMatchObject({ retryable: true, hint: held.hint });
  });

  it('stays unchanged if it is specific already', () => {
    const run = running();
    const same = [
      transferFailed(run, '/x', 'why'),
      run.stalled(),
      new ConnectionLost('gone', { ...details, why: 'socket' }),
      'thrown by the caller',
    ];
    for (const error of same) expect(explain(run, at, error)).toBe(error);
    const late = explain(run, at, new ChannelTimeout('late', { ...details, timeoutMs: 5 }));
    expect(late).toBeInstanceOf(TransferStalled);
    run.fail('first');
    expect(explain(run, at, new Error('echo'))).toBe('first');
  });

  it('is retryable if its cause is', () => {
    const retryable = new SftpFailed('x', { ...details, operation: 'read', retryable: true });
    expect(transferFailed(running(), '/x', 'why', retryable).retryable).toBe(true);
    expect(transferFailed(running(), '/x', 'why', refused(4), 'hint')).toMatchObject({
      retryable: false,
      hint: 'hint',
    });
  });

  it('reports the size of the copy', () => {
    expect(wrongSize(running(), '/x', 5, 4).reason).toBe('the copy has 4 bytes, not 5');
    expect(wrongSize(running(), '/x', 5, undefined).reason).toBe(
      'the copy has an unknown number of bytes, not 5',
    );
  });
});

it.skipIf(process.platform === 'win32').each(['darwin', 'linux'])(
  'a folder with names that differ only in case is rejected where they would be equal: %s',
  async (platform) => {
    await using folder = await localFolder();
    const memory = memorySftp({ files: { '/t/': '', '/t/a': '1', '/t/A': '2' } });
    const own = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
    Object.defineProperty(process, 'platform', { ...own, value: platform });
    const outcome = await download(memory.opener, '/t', `${folder.path}/d`).catch(
      (error: Error) => error.message,
    );
    Object.defineProperty(process, 'platform', own);
    const here = await readdir(folder.path);
    if (platform === 'linux') return expect(here).toEqual(['d']);
    expect(outcome).toBe('The name "A" from pc:22 was refused: another name differs from it in case only');
    expect(here).toEqual([]);
  },
);

it('the error of a transfer is a TransferFailed with an escaped path', () => {
  expect(transferFailed(running(), '/a\n', 'why')).toBeInstanceOf(TransferFailed);
  expect(transferFailed(running(), '/a\n', 'why').path).toBe('/a\\n');
});
