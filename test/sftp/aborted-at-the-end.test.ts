import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { download } from '../../src/sftp/down/download.ts';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { localFolder, mockSftp } from '../support/mock-sftp.ts';

/** So long that each report is made: there are ten a second at most. */
function linger(): void {
  for (const end = performance.now() + 110; performance.now() < end; );
}

function abortingWith(files: number, reports: 'all' | 'last') {
  const stop = new AbortController();
  const options: TransferOptions = {
    signal: stop.signal,
    onProgress: (progress) => {
      if (reports === 'all') linger();
      if (progress.files === files) stop.abort(new Error('enough'));
    },
  };
  return { options, stop };
}

type World = Awaited<ReturnType<typeof mockSftp>>;
const content = 'the content';

const ways: Record<string, (mock: World, folder: string, options: TransferOptions) => Promise<unknown>> = {
  'upload of bytes': ({ opener }, _folder, options) =>
    upload(opener, Buffer.from(content), '/a.txt', options),
  'upload of a file': ({ opener }, folder, options) =>
    upload(opener, join(folder, 'a.txt'), '/a.txt', options),
  'upload of a stream': ({ opener }, _folder, options) =>
    upload(opener, Readable.from([Buffer.from(content)]), '/a.txt', options),
  'upload with sha256': ({ opener }, folder, options) =>
    upload(opener, join(folder, 'a.txt'), '/a.txt', { ...options, verify: 'sha256' }),
  'download of a file': ({ opener, server }, folder, options) => {
    server.files.write('/there.txt', content);
    return download(opener, '/there.txt', join(folder, 'b.txt'), options);
  },
  'download with resume': ({ opener, server }, folder, options) => {
    server.files.write('/there.txt', content);
    return download(opener, '/there.txt', join(folder, 'b.txt'), { ...options, resume: true });
  },
};

describe.each(['all', 'last'] as const)(
  'aborted in the onProgress call that reports the file as done (%s reports)',
  (reports) => {
    it.each(Object.entries(ways))('%s succeeds and resolves', async (what, start) => {
      await using mock = await mockSftp();
      await using folder = await localFolder();
      await writeFile(join(folder.path, 'a.txt'), content);
      const { options, stop } = abortingWith(1, reports);
      expect(await start(mock, folder.path, options)).toMatchObject({ files: 1, bytes: content.length });
      expect(stop.signal.aborted).toBe(true);
      const placed = what.startsWith('up')
        ? mock.server.files.text('/a.txt')
        : await readFile(join(folder.path, 'b.txt'), 'utf8');
      expect(placed).toBe(content);
    });
  },
);

it('a folder aborted in the last report succeeds as well', async () => {
  await using mock = await mockSftp();
  await using folder = await localFolder();
  await mkdir(join(folder.path, 'in'));
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder.path, 'in', name), content);
  const { options } = abortingWith(3, 'last');
  expect(await upload(mock.opener, join(folder.path, 'in'), '/in', options)).toMatchObject({ files: 3 });
  const back = abortingWith(3, 'last');
  expect(await download(mock.opener, '/in', join(folder.path, 'out'), back.options)).toMatchObject({
    files: 3,
  });
});

it('an error thrown by the last onProgress still rejects', async () => {
  await using mock = await mockSftp();
  const onProgress = ({ files }: { files: number }) => {
    if (files === 1) throw new Error('mine');
  };
  await expect(upload(mock.opener, Buffer.from(content), '/a.txt', { onProgress })).rejects.toThrow('mine');
  expect(mock.server.files.text('/a.txt')).toBe(content);
});
