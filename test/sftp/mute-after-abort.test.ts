import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MockServerOptions } from '../../src/mock-server/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { bytesOf, localFolder, mockSftp } from '../support/mock-sftp.ts';

type World = Awaited<ReturnType<typeof mockSftp>>;

const ways: Record<string, (mock: World, folder: string, options: TransferOptions) => Promise<unknown>> = {
  up: ({ opener }, folder, options) => upload(opener, folder, '/in', options),
  down: ({ opener }, folder, options) => download(opener, '/d', join(folder, 'd'), options),
};

// Twelve files wait for an answer at once: with a time for each of them it would take twelve times as long.
it.each([
  ['up', 'OPEN', 1_000],
  ['up', 'WRITE', 1_000],
  ['up', 'CLOSE', 1_000],
  ['up', 'OPEN', 200_000],
  ['down', 'OPEN', 1_000],
  ['down', 'OPEN', 200_000],
] as const)(
  'a folder that goes %s and is given up gives its session back, though the server leaves each %s of %i bytes without an answer',
  async (way, op, size) => {
    const server: MockServerOptions = { ident: 'OpenSSH_9.2', faults: { sftp: { hangOp: { op } } } };
    await using mock = await mockSftp(server);
    await using folder = await localFolder();
    for (let n = 0; n < 12; n++) {
      await writeFile(join(folder.path, `${n}`), bytesOf(size, n));
      mock.server.files.write(`/d/${n}`, bytesOf(size, n));
    }
    const signal = AbortSignal.timeout(100);
    const transfer = ways[way]?.(mock, folder.path, { signal, stallTimeout: 400 });
    await expect(transfer).rejects.toMatchObject({ name: 'TimeoutError' });
    const toldAt = performance.now();
    await expect.poll(() => mock.link.slots.open, { timeout: 10_000 }).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(2_500);
  },
);
