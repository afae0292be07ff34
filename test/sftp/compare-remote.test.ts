import { describe, expect, it } from 'vitest';
import { bufferSource } from '../../src/sftp/flow/block-source.ts';
import type { TransferRun } from '../../src/sftp/transfer/run.ts';
import { differingRanges } from '../../src/sftp/verify/compare-remote.ts';
import { memorySftp } from '../support/memory-sftp.ts';

const content = Buffer.from('aaaabbbbccccdddd');

/** Compares with a remote file in blocks of four bytes. */
async function compare(remote: string, { start = 0, end = 16, patience = 100 } = {}, fails?: string) {
  const memory = memorySftp({
    files: { '/a': remote },
    maxRead: 4,
    refuse: (request) => (request === fails ? 4 : undefined),
  });
  const sftp = memory.session();
  const handle = await sftp.open('/a', 1);
  const listeners = new Set<() => void>();
  let alive = 0;
  const run = {
    alive: () => void alive++,
    onFailed: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as TransferRun;
  const found = await differingRanges({
    ...{ sftp, handle, source: bufferSource(content), range: { start, end }, run, patience },
  }).catch((error: Error) => error.message);
  expect(listeners.size).toBe(0);
  return { found, alive, asked: memory.asked.slice(1) };
}

describe('comparing a remote file', () => {
  it('finds it equal, or the blocks that differ', async () => {
    expect(await compare('aaaabbbbccccdddd')).toMatchObject({ found: [], alive: 4 });
    expect((await compare('aaaaxbbbccccdddx')).found).toEqual([
      { start: 4, end: 8 },
      { start: 12, end: 16 },
    ]);
    expect((await compare('aaaxbbbxccccdddd')).found).toEqual([{ start: 0, end: 8 }]);
  });

  it('reports what it lacks as different', async () => {
    expect((await compare('aaaabbbb')).found).toEqual([{ start: 8, end: 16 }]);
    expect((await compare('aaaabb')).found).toEqual([{ start: 6, end: 16 }]);
    expect((await compare('aaaabbbbccccddddeeee')).found).toEqual([]);
  });

  it('compares only the range', async () => {
    const { found, asked } = await compare('xxxxbbbxxxxx', { start: 4, end: 8 });
    expect(found).toEqual([{ start: 4, end: 8 }]);
    expect(asked).toEqual(['read #1 4+4']);
  });

  it('stops if too much differs, reporting everything from the first difference on', async () => {
    expect((await compare('aaaaxxxxcccxdddd', { patience: 8 })).found).toEqual([{ start: 4, end: 12 }]);
    expect((await compare('aaaaxxxxcccxdddd', { patience: 7 })).found).toEqual([{ start: 4, end: 16 }]);
    expect((await compare('aaaaxxxxccccdddd', { patience: 0 })).found).toEqual([{ start: 4, end: 16 }]);
  });

  it("fails with the server's error", async () => {
    expect((await compare('aaaabbbbccccdddd', {}, 'read #1 4+4')).found).toBe('read refused');
  });
});
